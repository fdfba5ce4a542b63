/** Terms of `performs` on data, models, mathematics, science and research. @module */

import { concept } from './concept.ts';

export const DATA_CONCEPTS = [
  concept(
    'performs:data',
    'Data work',
    'Works on tables and records.',
    `data processing, data science, dataset, tabular data, spreadsheet, csv, records`,
  ),
  concept(
    'performs:data/analysis',
    'Data analysis',
    'Finds out what data say.',
    `analytics, insights, explore data, business intelligence, exploratory analysis, trends,
    patterns in data, kpi report, spreadsheet analysis, pivot table, cohort analysis, sales
    figures, excel sheet, numbers explained`,
  ),
  concept(
    'performs:data/visualization',
    'Data visualization',
    'Draws charts of data.',
    `charts, plots, graphs, dashboard, diagram, infographic, bar chart, draw a graph, picture of
    the numbers, heat map, histogram, tableau, power bi`,
  ),
  concept(
    'performs:data/cleaning',
    'Data cleaning',
    'Mends and unifies records.',
    `data cleansing, deduplication, duplicates, missing values, data quality, normalise data, fix
    messy data, data wrangling, standardise addresses, record linkage, tidy up a table,
    inconsistent entries, validation, typos in records, merge customer records`,
  ),
  concept(
    'performs:data/extraction',
    'Data extraction',
    'Takes fields out of documents into a table.',
    `parse documents, invoice extraction, pdf to table, structured data from text, form
    recognition, receipt parsing, extract fields, read invoices, key-value pairs, document
    parsing, tables in pdfs, digitise forms, pull data from contracts`,
    { related: ['performs:vision/ocr'] },
  ),
  concept(
    'performs:data/web-scraping',
    'Web scraping',
    'Gathers data from web pages.',
    `scraping, crawler, crawl websites, harvest web data, collect listings, page extraction,
    spider, price scraping, gather from websites, monitor pages for changes`,
    { related: ['hasAccessTo:web'] },
  ),
  concept(
    'performs:data/pipeline',
    'Data pipelines',
    'Moves and transforms data on a schedule.',
    `etl, extract transform load, data integration, data engineering, data warehouse loading, batch
    processing, stream processing, ingest, sync data between systems, data lake, airflow`,
  ),
  concept(
    'performs:data/conversion',
    'Format conversion',
    'Turns data from one format into another.',
    `convert files, json to csv, xml, yaml, file format, data transformation, schema mapping,
    reformat, unit conversion, import and export, change file type`,
  ),
  concept(
    'performs:data/statistics',
    'Statistics',
    'Tests hypotheses and estimates from samples.',
    `statistical analysis, hypothesis test, regression, significance, a/b test, experiment
    analysis, survey analysis, correlation, bayesian, causal inference, sample size, anova,
    confidence intervals, p value, split test, questionnaire results, polls`,
  ),
  concept(
    'performs:data/anomaly-detection',
    'Anomaly detection',
    'Finds what does not fit the rest.',
    `outliers, outlier detection, unusual patterns, irregularities, novelty detection, spikes,
    deviations, strange readings, abnormal behaviour, odd values, something unusual`,
  ),
  concept(
    'performs:data/forecasting',
    'Time series forecasting',
    'Says how a series of numbers will go on.',
    `forecast, predict, prediction, time series, demand forecasting, sales forecast, projection,
    seasonality, next month, future values, estimate future demand, trend extrapolation, how much
    will be needed`,
  ),
  concept(
    'performs:data/labelling',
    'Data labelling',
    'Marks examples for training.',
    `annotation, data annotation, label images, tagging examples, ground truth, training labels,
    crowd work, bounding boxes`,
    { related: ['performs:ml/training'] },
  ),
  concept(
    'performs:data/synthetic-data',
    'Synthetic data',
    'Makes data that look like real ones.',
    `fake data, generate test data, simulated records, data augmentation, artificial data, sample
    records, dummy data, mock data`,
  ),
  concept(
    'performs:ml',
    'Machine learning',
    'Builds and runs models that learn from data.',
    `artificial intelligence, ai model, neural network, predictive model, deep learning, learn from
    examples`,
  ),
  concept(
    'performs:ml/training',
    'Model training',
    'Fits a model to data.',
    `train a model, fine-tuning, lora, hyperparameter search, model building, transfer learning,
    fit a classifier, fine tune, adapt a language model, automl, distillation, reinforcement
    learning`,
    { related: ['hasResource:gpu'] },
  ),
  concept(
    'performs:ml/evaluation',
    'Model evaluation',
    'Measures how good a model is.',
    `benchmark models, model comparison, accuracy measurement, llm evaluation, bias audit, red
    teaming, fairness, explainability, hallucination rate, test a model, judge answers, model
    drift`,
  ),
  concept(
    'performs:ml/inference',
    'Model inference',
    'Runs a trained model on inputs.',
    `model serving, run a model, batch inference, text completion, host a model, prediction
    service, llm hosting, quantization, prompt engineering, prompts`,
    { related: ['canExecute:llm-inference'] },
  ),
  concept(
    'performs:ml/clustering',
    'Clustering',
    'Groups what is alike.',
    `segmentation, group similar items, customer segments, unsupervised learning, groups of users,
    cluster, grouping, similar customers`,
  ),
  concept(
    'performs:ml/recommendation',
    'Recommendation',
    'Says what a person may like next.',
    `recommender system, suggest products, personalisation, similar items, what to watch, what to
    read next, movie suggestions, collaborative filtering, playlist, book suggestions,
    recommendations, product ranking`,
  ),
  concept(
    'performs:math',
    'Mathematics',
    'Solves mathematical problems.',
    `solve equations, maths problems, calculation, arithmetic, algebra, calculus, integrals,
    symbolic computation, compute`,
    { related: ['hasKnowledgeBase:mathematics'] },
  ),
  concept(
    'performs:math/optimization',
    'Optimization',
    'Finds the best choice under limits.',
    `operations research, linear programming, best allocation, scheduling problem, minimise cost,
    maximise, knapsack, constraint satisfaction, assignment problem, resource allocation, optimum,
    cutting stock, shift planning, trade-off`,
    { related: ['canExecute:optimization-solver'] },
  ),
  concept(
    'performs:math/theorem-proving',
    'Theorem proving',
    'Proves statements and checks proofs.',
    `formal proof, proof assistant, lean, coq, formal verification, logic, prove correctness, model
    checking, theorem`,
  ),
  concept(
    'performs:math/simulation',
    'Simulation',
    'Plays through a model many times.',
    `monte carlo, what-if analysis, agent-based model, stochastic simulation, scenario simulation,
    queueing, discrete event, digital twin, probability of outcomes`,
  ),
  concept(
    'performs:science',
    'Science',
    'Computes for research in nature.',
    `scientific computing, scientific analysis, laboratory, experiment, scientist, research data`,
  ),
  concept(
    'performs:science/molecule-design',
    'Molecule design',
    'Finds and tests molecules by computing.',
    `drug discovery, docking, chemistry simulation, molecular dynamics, compound screening,
    reaction prediction, retrosynthesis, toxicity prediction, new materials, binding, ligands,
    catalyst, drug candidates, chemical structure`,
    { related: ['hasKnowledgeBase:chemistry'] },
  ),
  concept(
    'performs:science/protein-folding',
    'Protein structure',
    'Predicts the shape of proteins.',
    `protein folding, alphafold, protein structure prediction, enzyme design, amino acid sequence,
    antibody design`,
  ),
  concept(
    'performs:science/genomics',
    'Genomics',
    'Reads and compares genomes.',
    `dna, gene sequencing, variant calling, bioinformatics, genome, rna, mutation, sequence
    alignment, genetic variants, gene expression, hereditary, ancestry`,
    { related: ['hasKnowledgeBase:biology'] },
  ),
  concept(
    'performs:science/weather-forecasting',
    'Weather forecasting',
    'Says what the weather will be.',
    `weather, weather forecast, rain, temperature, storm, climate model, meteorology, wind, snow,
    heatwave, hurricane, sunny, flood warning`,
    { related: ['hasAccessTo:weather-data'] },
  ),
  concept(
    'performs:science/astronomy',
    'Astronomy',
    'Computes orbits and reads the sky.',
    `telescope, stars, planets, orbit, galaxies, space, satellites pass, celestial, light curves,
    exoplanets, night sky`,
  ),
  concept(
    'performs:science/environment',
    'Environmental analysis',
    'Judges the state of air, water and nature.',
    `air quality, pollution, water quality, biodiversity, ecology, emissions, species
    identification, wildlife, bird, noise levels, environmental impact, forest, ocean, plants
    identification, contamination`,
  ),
  concept(
    'performs:research/literature-review',
    'Literature review',
    'Finds and sums up scientific papers.',
    `systematic review, find papers, related work, academic research, citations, bibliography,
    state of the art, read papers, survey of studies, meta-analysis, references, scholarly, what
    studies say, evidence synthesis`,
    { related: ['hasAccessTo:scientific-literature'] },
  ),
  concept(
    'performs:research/web-research',
    'Web research',
    'Finds out about a subject from the web.',
    `background research, look up information, fact finding, deep research, investigate a topic,
    dossier, compile information, gather sources, find out about, desk research, compare products`,
    { related: ['hasAccessTo:web-search'] },
  ),
  concept(
    'performs:research/news-monitoring',
    'News monitoring',
    'Watches the press for a subject.',
    `media monitoring, press review, news digest, daily briefing, headlines, press clippings, news
    alerts, mentions in the press, current affairs`,
    { related: ['hasAccessTo:news'] },
  ),
];
