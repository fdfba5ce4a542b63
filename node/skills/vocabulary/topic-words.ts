/**
 * Words that are spoken of together, by topic: who says `jazz` or `trumpet` speaks of music. They
 * carry common knowledge that no synonym holds. See `action-words.ts`.
 *
 * @module
 */

/** One topic a line; an indented line goes on. A word may stand in several. */
export const TOPIC_WORDS = `
music, jazz, rock, pop, classical, hip hop, techno, folk, genre, melody, rhythm, beat, chord,
  composer, soundtrack, jingle, tempo, instrumental, orchestra, band, loop, song
score, notes, sheet music, midi, piano, keyboard, guitar, violin, drum, trumpet, flute, tablature,
  recital, staff notation, transposing
singing, vocals, choir, karaoke, singer, voice, stem, a cappella, lyrics, chorus
recording, microphone, studio, podcast, mixing, mastering, hiss, hum, echo, reverb, noise,
  loudness, muffled, crackle, clean sound
speech, spoken, dictation, interview, transcript, call, voicemail, lecture, verbatim,
  stenographer, minutes, talk
voice over, narrator, audiobook, read aloud, text to speech, speech synthesis, synthetic voice,
  voice actor, accent, announcement
speaker, diarisation, voiceprint, who spoke, turns, caller, identify a voice
bird call, birdsong, cough, siren, glass breaking, gunshot, bark, whistle, chirp, sound event,
  acoustic
photo, picture, image, snapshot, camera, portrait, selfie, landscape, lens, exposure, jpeg, png,
  raw, megapixel
restore photo, scratched, faded, torn, colourise, black and white, blurry, sharpen, upscale,
  grainy, enlarge, low resolution, retouch, old pictures
background removal, cut out, transparent, white background, product shot, catalogue picture,
  studio shot, mask, green screen
painting, illustration, watercolour, oil painting, cartoon, sketch, comic, poster, concept art,
  drawing, artist, style, canvas, diffusion, text to image, mural
handwriting, cursive, diary, manuscript, letters, parish register, archive, illegible, scribbled,
  ledger, ancestors, old script, notebook
scanned page, ocr, receipt, invoice, scan, paper, photocopy, printed text, digitise, typed,
  searchable pdf, fax, form
detect objects, bounding box, count, pedestrians, vehicles, shelves, helmets, cars, cattle, camera
  feed, tracking, crowd
licence plate, number plate, parking, vehicle registration, toll, gate
face, facial, identity, selfie, passport photo, verification, biometric, liveness, lookalike,
  visitor, entrance, fingerprint, iris
satellite, landsat, sentinel, aerial, drone, land cover, deforestation, ndvi, radar, orbit,
  multispectral, raster, from space, burned area
video, footage, clip, film, youtube, scenes, trailer, highlights, cut, trim, timeline, reel,
  montage, movie, camera
animation, animate, motion, character, cartoon, keyframe, rig, storyboard, lip sync, moving
  picture
subtitles, captions, srt, dubbed, deaf viewers, foreign film, timed text, hard of hearing
streaming, codec, transcode, bitrate, hls, h264, av1, mp4, encode, compress video, ffmpeg,
  resolution, container format
surveillance, cctv, security camera, intruder, night vision, shoplifting, guard, doorbell camera
python, django, flask, pandas, numpy, pip, pytest, fastapi, jupyter, notebook, poetry, script
javascript, typescript, node, npm, react, vue, angular, svelte, frontend, browser, webpack, deno,
  next.js, dom
java, jvm, spring, maven, gradle, kotlin, scala, android, hibernate, tomcat, enterprise
  application
rust, cargo, crate, borrow checker, memory safe, ownership, tokio, lifetimes, unsafe, systems
  language
c, c++, cmake, compiler, pointer, gcc, clang, header, template, memory leak, segfault, native,
  valgrind
go, golang, goroutine, channels, gofmt, concurrency
c#, .net, dotnet, asp.net, unity, visual studio, xamarin, nuget, windows application, blazor
php, laravel, wordpress, symfony, composer, drupal, magento
ruby, rails, gem, rspec
swift, ios, iphone, ipad, xcode, apple, app store, swiftui
android, kotlin, play store, phone app, mobile app, flutter, react native, dart
haskell, ocaml, functional programming, monad, erlang, elixir, lambda, type inference, clojure,
  lisp, prolog
r, tidyverse, ggplot, shiny, cran, statistician, rstudio
julia, matlab, octave, fortran, numerical, scientific computing, matrices, hpc
cobol, mainframe, legacy, jcl, as/400, old system, modernise, migrate, fortran, retire a system,
  copybook
unit test, pytest, junit, coverage, test cases, assertions, mocks, checks, automated checks,
  regression, test suite, fixtures, quality assurance
bug, stack trace, crash, exception, null pointer, segfault, hang, race condition, deadlock, debug,
  reproduce, throws, error message, freezes
refactor, clean code, spaghetti, technical debt, duplicate code, readable, maintainable, rename,
  modular, tangled
code review, pull request, merge request, diff, reviewer, branch, git, commit, patch, changes
sql, query, select, join, postgres, mysql, sqlite, relational, tables, schema, index, database,
  orm, slow query, rows
nosql, mongodb, redis, cassandra, elasticsearch, document store, key-value, dynamodb, neo4j, graph
  database, cypher, cache
relational database, postgresql, server, geospatial extension, vector extension, sandbox database,
  mariadb, oracle
regex, regular expression, pattern, match strings, capture group, wildcard
api, rest, endpoint, openapi, swagger, client library, sdk, json, webhook, integration, postman
docker, container, image, kubernetes, pod, helm, cluster, compose, registry, orchestrate, k8s,
  microservice
cloud, aws, azure, gcp, terraform, ansible, server, provisioning, infrastructure, virtual machine,
  serverless, lambda, instance
ci, cd, pipeline, build, deploy, release, github actions, jenkins, gitlab, artefact, rollout,
  staging, production
monitoring, outage, incident, logs, alert, on-call, prometheus, grafana, uptime, postmortem,
  latency, slow server, pager, downtime, root cause
backup, restore, snapshot, disaster recovery, failover, redundancy, lost data, ransomware recovery
network, router, firewall, vpn, dns, tcp, subnet, packet, switch, latency, wifi, bandwidth, ip
  address, ping, proxy
linux, bash, shell, terminal, cron, command line, ssh, awk, grep, unix, sysadmin, kernel, distro
windows, powershell, active directory, registry, office 365, exchange server, desktop support
firmware, microcontroller, arduino, esp32, raspberry pi, embedded, bootloader, i2c, uart,
  interrupt, stm32, gpio, hardware
browser, click, form, login page, headless, playwright, selenium, scrape, tab, cookies, captcha,
  web page, chromium
webassembly, wasm, wasi, in the browser, portable bytecode, near native speed, plugin
gpu, cuda, graphics card, vram, nvidia, a100, h100, rtx, tensor cores, training run, accelerator,
  video card, kernels, rent a gpu
cpu, cores, threads, processor, xeon, epyc, arm, benchmark, compute, vcpu, gigahertz
memory, ram, gigabytes, in memory, dimm, swap, big heap, load everything at once
disk, ssd, nvme, storage, terabyte, petabyte, archive, tape, hard drive, cold storage, backups,
  keep files
bandwidth, gigabit, fibre, uplink, upload, download, throughput, internet connection, cdn, egress,
  symmetrical
fpga, verilog, vhdl, xilinx, bitstream, asic, hardware description, reconfigurable
quantum, qubit, qiskit, gate, annealing, ion trap, superconducting, entanglement, superposition,
  quantum processor
tpu, npu, neural accelerator, inference chip, edge device, jetson, coral
robot, arm, gripper, actuator, ros, manipulator, pick and place, kinematics, end effector,
  humanoid, mobile base, motion, joints, collision
drone, quadcopter, unmanned, flight plan, uav, aerial survey, waypoint, pilot, no-fly zone
autonomous driving, self-driving, lidar, lane, slam, localisation, obstacle, path planning,
  perception, vehicle
3d printer, filament, stl, resin, print bed, layer, prototype part, additive, spool, plastic part,
  nozzle
cnc, milling, lathe, machining, toolpath, laser cutter, sheet metal, workshop, g-code
cad, technical drawing, blueprint, solid model, tolerance, assembly, step file, draughtsman,
  dimensions, extrude, part
circuit, pcb, schematic, resistor, capacitor, voltage, transistor, oscilloscope, soldering,
  amplifier, op-amp, spice, kicad, board
sensor, thermometer, humidity, accelerometer, telemetry, meter reading, iot, temperature reading,
  gateway, lorawan
microscope, laboratory, telescope, spectrometer, instrument, centrifuge, pipette, wet lab,
  chromatograph
secure enclave, trusted execution, tee, sgx, confidential computing, attestation, encrypted
  memory, nobody can look inside, tamper
hsm, key storage, private key, signing key, hardware security module, certificate authority, pki
llm, language model, gpt, prompt, token, context window, chat completion, fine-tune,
  hallucination, llama, mistral, chatbot, generative, ollama, open weights
embedding, vector, nearest neighbour, semantic search, similarity, rag, retrieval, passages,
  index, cosine, relevant documents
neural network, deep learning, pytorch, tensorflow, jax, keras, backpropagation, layers, epochs,
  training, transformer, weights
classifier, random forest, xgboost, scikit-learn, gradient boosting, features, cross-validation,
  supervised, predictive model, logistic regression
hyperparameters, grid search, learning rate, tune a model, automl, sweep, optuna
reinforcement learning, agent, reward, policy, environment, self-play, bandit, exploration
model evaluation, benchmark, precision, recall, f1, accuracy, bias, fairness, drift, leaderboard,
  held-out set
annotation, labelled data, ground truth, labellers, crowd workers, training set, tagging
spreadsheet, excel, csv, columns, rows, pivot, cells, formula, google sheets, workbook, macro,
  table
chart, bar, pie, line graph, axis, scatter, plot, dashboard, visualise, heat map, infographic,
  legend, figure
data cleaning, duplicates, missing values, misspelt, inconsistent, outliers, dedupe, normalise,
  messy, same person twice, typos, customer list, mailing list, addresses
etl, pipeline, warehouse, ingest, batch, spark, airflow, dbt, data lake, parquet, kafka, hadoop,
  big data, terabytes of logs
time series, forecast, seasonality, next quarter, trend, demand, arima, monthly sales, how many
  will we need, predict sales, staffing, next week
statistics, regression, p-value, significance, anova, t-test, sample, confidence interval,
  hypothesis, variance, bayesian, correlation, survey data, treatment effect, a/b test
anomaly, outlier, spike, unusual, deviation, abnormal, drift, odd readings, suspicious, out of the
  ordinary, sudden change
graph theory, nodes, edges, shortest path, centrality, communities, friends of friends,
  connections, social graph, flows
optimization, linear programming, integer program, constraints, solver, knapsack, assignment,
  timetable, minimise, maximise, allocation, cheapest combination, schedule nurses
equation, algebra, integral, derivative, calculus, polynomial, symbolic, differential equation,
  matrix, eigenvalue, solve for x, closed form
geometry, triangle, circle, angle, area, volume, polygon, coordinates, trigonometry
theorem, proof, lemma, lean, coq, isabelle, formalise, axiom, formally verified, proof assistant,
  mathematician, conjecture
number theory, prime, factor, modular arithmetic, integers, cryptography, divisors
probability, dice, odds, random, expected value, monte carlo, distribution, chance, likelihood,
  coin flip
numerical, finite elements, mesh, simulation, partial differential equations, solver, stress,
  fluid, cfd, turbulence, aerodynamics, structural load, deflection, bridge
crystal, semiconductor, materials, alloy, lattice, band gap, density functional, polymer,
  ceramics, conductivity
chemistry, molecule, compound, reaction, solvent, synthesis, reagent, catalyst, smiles, acid,
  spectrum, nmr, organic, yield, route to a compound, precursor, chemist, boiling point
drug discovery, docking, binding, ligand, target protein, inhibitor, lead compound, pharmacology,
  admet, toxicity, candidate, solubility
protein, amino acid, folding, structure, enzyme, antibody, alphafold, sequence, peptide, mutation,
  binding site
dna, genome, gene, sequencing, variant, mutation, rna, crispr, chromosome, fastq, genetic test,
  hereditary, expression, reads, phylogenetic, primer, pcr, cell
species, biology, bacteria, fungus, insect, plant, mushroom, flower, bird, fish, taxonomy,
  ecology, evolution, wildlife, habitat, specimen, field guide, biodiversity
astronomy, telescope, star, planet, galaxy, orbit, comet, asteroid, eclipse, exoplanet, light
  curve, night sky, spectroscopy, moon, nebula
physics, force, momentum, relativity, particle, energy, thermodynamics, optics, electromagnetism,
  quantum mechanics, laser
geology, rock, mineral, earthquake, seismic, volcano, drilling, groundwater, fossil, sediment,
  ore, mine
weather, rain, storm, temperature, wind, snow, frost, umbrella, forecast, humidity, sunshine,
  thunder, picnic, hail, radar, outdoors, barometer
climate, warming, greenhouse gas, carbon, co2, emissions, sea level, footprint, net zero, offsets,
  ipcc, kyoto, sustainability report, scope
air quality, particulate, pollution, smog, ozone, water quality, noise, contamination, exhaust,
  nitrate
energy, electricity, solar panel, wind turbine, grid, battery, kilowatt, heat pump, consumption,
  load, meter, charging station, power plant, photovoltaic, roof, utility, tariff
oil, gas, refinery, pipeline, drilling, petroleum, barrel, fuel
`;
