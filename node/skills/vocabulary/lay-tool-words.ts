/**
 * Words of people who have the problem that a resource, a service, a program or a field of
 * knowledge solves and do not know its name. See `lay-words.ts`.
 *
 * @module
 */

/** One concept of the vocabulary a line, its own words first; an indented line goes on. */
export const LAY_TOOL_WORDS = `
processor speed, mflops, cpu, fast machine, gigahertz, number crunching, strong computer,
  slow laptop, calculate quickly, heavy calculation, flops, clock, single thread, horsepower,
  old pc, takes hours, powerful, workstation, crunch
processor cores, threads, parallel, multicore, many at once, compile, cpu, side by side,
  big machine, simultaneously, jobs in parallel, sixteen, workers, vcpu, threadripper, split over
memory, ram, gigabytes, out of memory, does not fit, large table, huge file, swap, killed, dimm,
  load everything, in memory, big spreadsheet, memory hungry, heap space
disk space, storage, ssd, hard drive, terabyte, drive full, store films, photo archive, room for,
  space left, keep files, big videos, nas, volume, capacity, raid
network bandwidth, internet speed, megabit, upload, download, fast line, fibre, broadband,
  streaming, stutters, slow internet, gigabit, uplink, transfer big files, connection, throughput
graphics processor, graphics card, gpu, nvidia, vram, video card, rent a gpu, rendering,
  gaming computer, deep learning card, accelerator, cuda, geforce, cards, own card too small
graphics processors, gpu count, several cards, multi-gpu, two cards, eight gpus, gpus together,
  gpu cluster, node with cards, many cards, rig, data parallel, nvlink
graphics memory, vram, video memory, card memory, out of cuda memory, model does not fit on card,
  largest model, batch too big, memory of the card, gigabytes vram, quantise, offload
nvidia h100, hopper, data-centre, tensor core, large model, eighty gigabytes, big card,
  train large, hgx, top card, server card, expensive card, supercomputer
nvidia a100, ampere, a100, data-centre card, rented card, cloud card, train large,
  eighty gigabytes, big model, previous generation, dgx, sxm, mig, nvlink
rtx 4090, nvidia rtx, ada, desktop card, consumer card, gaming card, gamer, home computer,
  twenty-four gigabytes, local model, pc, tower
context window, tokens, long text, whole book, entire manual, long conversation, forgets,
  does not fit in, long input, thousand pages, remember the beginning, truncated,
  too long for chatgpt
sandbox, isolated, untrusted code, container, safe to run, strange script, suspicious program,
  foreign code, jail, without harm, try out safely, quarantine, virtual machine, pupils code,
  risky, play pen, throwaway, untrusted
robot, arm, gripper, hands, physical, move boxes, lift, carry, lab bench, pipette, warehouse,
  vacuum, drive around, humanoid, cobot, quadruped, screw in, on site
sensors, measure, thermometer, humidity, camera, instrument, gauge, readings, microphone,
  noise level, radiation, soil moisture, air quality, vibration, live readings, beehive,
  barometer, meter, detector, moisture
3d printer, print a part, filament, stl, plastic part, prototype, resin, spare part, knob,
  broken handle, printed, hook, bracket, figurine, replacement part, case for
web access, internet, online, website, url, current pages, open page, live web, homepage, browse,
  link, read this site, up-to-date, surf, download page
web search, google, bing, search engine, look up, find online, search the internet, hits, results,
  duckduckgo, query, recent information, find websites, googling
market data, stock price, quote, exchange rate, share price, ticker, bitcoin price, oil price,
  gold, bonds, currency, dollar, euro, copper, live prices, course of shares, wheat price,
  candles, nasdaq
news access, headlines, newspaper, agency, reuters, press, what happened today, latest, breaking,
  current events, media, reports, election, local news, journal, broadcaster
weather data, rain, temperature, forecast, station, wind, frost, rainfall, snow depth,
  sunshine hours, storm, climate record, hail, humidity, weather last week, radar, degrees,
  precipitation
maps, streets, road, address, directions, navigation, openstreetmap, google maps, places nearby,
  route, nearest pharmacy, petrol station, way, city plan, opening hours, distance, footpaths,
  playground
satellite images, earth observation, from space, aerial picture, sentinel, landsat,
  fields from above, overhead, coast, forest, bird's eye, roof from above, flood picture,
  before and after, ice
mailbox, email, inbox, send a mail, gmail, outlook, write to, unread, imap, mailing, attachment,
  mail account, messages sent, newsletter send, reply, electronic mail
calendar, appointments, schedule, google calendar, free slot, invite, meeting date,
  enter appointment, agenda, birthday, diary, busy, remind, events, ical, dates, dentist
messaging, whatsapp, slack, telegram, sms, chat, teams, text message, discord, signal, notify,
  ping me, group chat, message my team, alert on phone, messenger, family group
payments, pay, credit card, paypal, stripe, bank transfer, checkout, money transfer, collect fees,
  debit, donation, refund, wire, remittance, card terminal, membership fees, send money,
  direct debit
databases, sql, query, records, table, postgres, mongo, customer records, look up in our data,
  warehouse, stored data, rows, read only, production data, member data, redis
file storage, s3, bucket, dropbox, google drive, cloud drive, folder, upload, share files, nas,
  onedrive, save documents, archive, cloud, store pictures, shared folder
code repositories, github, gitlab, git, commit, pull request, source code, issue, branch, repo,
  merge, open source project, clone, bitbucket, push, codebase, version history
social media access, twitter, instagram, facebook, reddit, posts, followers, tweets, tiktok,
  linkedin, hashtags, what people post, youtube comments, profile, mastodon, threads, bluesky
scientific literature, papers, preprint, arxiv, pubmed, journal, studies, doi, citations, scholar,
  paywall, university library, full text, abstracts, researchers, medical studies
patent registers, patents, inventions, espacenet, uspto, filed, inventor, epo, applications,
  patent family, expired patent, patented, trademark register, who invented
company registers, trade register, owner, shareholders, filings, managing director,
  registered office, who owns, annual accounts, companies house, bankrupt firm, beneficial owner,
  business partner, sole trader, directors, incorporation
language model service, llm, gpt, claude, chatgpt, prompt, model api, gemini, mistral,
  completions, ask an ai, frontier model, hosted model, tokens, anthropic, large model
blockchain node, ethereum, wallet, transaction, balance, token, bitcoin, ledger, coins, block,
  solana, on-chain, send coins, address balance, crypto, gas, explorer, nft owner
travel booking access, flights, hotels, tickets, airline, fares, train, amadeus, seats,
  reservation, room rates, rental car, airport, timetable, departure, connections, ferry, bus
python, script, py, notebook, jupyter, pip, small program, snake, run my script, flask, django,
  numpy, automate with, beginner program, homework program, virtualenv
javascript, typescript, node, npm, js, browser script, web page script, deno, bun, react, json,
  frontend code, package, jsx, express
java, jar, jvm, maven, spring, gradle, tomcat, enterprise, bank software, old company software,
  kotlin, servlet, applet, minecraft mod, class file
c++, gcc, compile, makefile, cmake, native, low level, segfault, clang, games engine, pointer,
  header, c program, binary, linker, qt
rust, cargo, crate, borrow, borrow checker, memory safe, rustc, ownership, tokio, unsafe, ferris
go, golang, goroutine, goroutines, gofmt, go module, google language, microservice, gin, go build
r, rstudio, cran, ggplot, tidyverse, statistician, dplyr, statistics script, knit, shiny,
  data frame, rmarkdown, psychology, linear model, anova
matlab, octave, simulink, toolbox, m-file, engineering course, matrices, signal,
  university licence, lab assignment, control course, filter design, mathworks
shell, bash, unix, linux, terminal, command line, cron, sh, zsh, console, grep, awk, pipe,
  black window, prompt, batch file, powershell, commands, rename many
docker, container, image, compose, dockerfile, podman, packaged, runs everywhere,
  works on my machine, registry, isolated app, containerised, ship app, port mapping
kubernetes, cluster, helm, pods, k8s, nodes, workload, kubectl, autoscale, replicas, orchestrate,
  ingress, rolling update, many containers, openshift
webassembly, wasm, wasi, in the browser, sandboxed, portable, plugin, native speed, emscripten,
  untrusted module, edge, compiled for web
postgresql, postgres, psql, postgis, pgvector, elephant, relational, sql dump, pg,
  stored procedure, tables, explain plan, database copy
apache spark, spark, pyspark, hadoop, big data, terabytes, distributed, cluster job, databricks,
  too big for one machine, billions of rows, clickstream, map reduce, huge logs
pandas, dataframe, data frame, csv, excel file, columns, merge tables, pivot, polars, groupby,
  spreadsheet in python, rows, join csv, parquet, read excel
pytorch, torch, neural network, deep learning, huggingface, train, lightning, tensor, fine-tune,
  cnn, transformers, checkpoint, backprop, own network
tensorflow, keras, jax, neural net, tpu, deep learning, saved model, layers, tflite, tensors,
  train network, flax, google model
scikit-learn, sklearn, random forest, classifier, decision tree, xgboost, svm, logistic,
  predict churn, gradient boosting, small data, tabular, lightgbm, features, cross validation
cuda, gpu kernel, nvidia, parallel, nvcc, thousand threads, speed up on graphics card, cublas,
  triton, gpu code, cudnn, warp
language model inference, local llm, llama, ollama, open weights, on premises, own machine, vllm,
  private ai, without cloud, qwen, mistral, offline ai, data stays here, deepseek, gguf,
  self-hosted
stable diffusion, diffusion, sdxl, flux, image model, comfyui, pictures from prompt, lora,
  checkpoint, inpaint, ai pictures, controlnet, dreambooth, portrait from words
whisper, speech model, speech to text, transcribe, recordings, dictation, voice, audio to text,
  asr, interviews, spoken words, listen, voice memos, lectures typed
tesseract, ocr engine, scan to text, scanned pages, read images, character recognition, tiff,
  searchable pdf, old prints, photographed page, typed page
ffmpeg, convert video, mp4, transcode, codec, mp3, cut audio, compress film, avi, too large video,
  extract sound, gif, frames, webm, wav, shrink video, mkv, rotate video, file plays not
blender, 3d scene, render, animation, mesh, cycles, eevee, model, texture, visualisation, bpy,
  rigging, architecture picture, donut, camera flight, product render
latex, typesetting, tex, thesis, formula, bibliography, beamer, bibtex, equations, overleaf,
  academic paper, pdf from tex, book typeset, math symbols, journal template
web browser, headless, playwright, chromium, selenium, puppeteer, click, screenshot of site,
  fill form, logged in, chrome, firefox, scroll, real page, javascript pages
optimization solver, gurobi, or-tools, integer program, constraint, cplex, mip, highs,
  timetable puzzle, assignment, linear program, minimise, roster, sat, scip, schedule optimally,
  cutting stock
openfoam, cfd, flow, airflow, fluid, mesh, fem, wind, turbulence, ansys, calculix, pressure, drag,
  stress analysis, heat flow, aerodynamics, water flow, ventilation
qiskit, quantum, qubit, circuit, gates, ibm quantum, superposition, entanglement,
  quantum computer, cirq, shor, grover, annealing, qubits
law knowledge, statute, lawyer, court, legal question, rights, paragraph, sue, contract,
  neighbour, allowed, landlord, police, inherit, divorce, custody, fine, attorney, liable, crime,
  judge
tax law, taxes, vat, deduction, tax office, duty, levy, income, refund, exempt, allowance,
  inheritance tax, accountant, write off, double taxation, cross-border, capital gains, expenses
medicine, disease, symptom, doctor, treatment, cure, illness, therapy, patient, hospital,
  infection, anatomy, cancer, nurse, operation, vaccine, physician, blood test, diabetes, surgery,
  bones
pharmacology, drug, pill, side effects, dose, medicine, interaction, pharmacist, tablets,
  active ingredient, antibiotic, painkiller, apothecary, generic, overdose, antidote, half-life
finance knowledge, markets, shares, bond, interest, bank, invest, derivatives, fund, money,
  wealth, central bank, inflation, currency, savings, loan, dividend, capital, economy
accounting, ifrs, gaap, ledger, balance sheet, depreciation, books, debit, credit, audit,
  accountant, year-end, provisions, cfo, revenue recognition, write down, chartered, assets
chemistry, substance, molecule, reaction, acid, element, compound, lab, solvent, periodic table,
  bleach, mixture, explosive, salt, cleaning agent, rust, dissolve, ph, smell, polymer
biology, animal, plant, species, gene, cell, evolution, bird, insect, ecosystem, fungus, bacteria,
  dinosaur, mammal, whale, bee, organism, wildlife, zoo, spider, naturalist
physics, force, energy, gravity, quantum, light, mass, motion, electricity, einstein, black hole,
  magnet, relativity, particle, pendulum, waves, rainbow, universe, velocity, why is the sky blue
mathematics, theorem, equation, algebra, geometry, calculus, number, formula, fraction, integral,
  prime, proof, infinity, triangle, probability, percentage, mathematician, sums
history, war, ancient, century, king, roman, medieval, empire, museum, revolution, ancestors,
  pharaoh, napoleon, past, world war, viking, castle, queen, archive, cold war, ruin, monument,
  anno
geography, country, capital, river, mountain, continent, border, population, island, city, ocean,
  flag, desert, atlas, longest river, neighbouring countries, lake, peninsula, inhabitants,
  volcano
engineering knowledge, standard, norm, machine, structure, mechanical, civil, material, steel,
  bridge, load, din, iso, engineer, concrete, tunnel, pipe, building code, torque, screw thread,
  dam, welding
software knowledge, library, framework, documentation, api, how to call, version, programming,
  stack overflow, developer, function exists, deprecated, package, install, operating system
information security, hacker, vulnerability, cve, password, encryption, attack, malware, breach,
  mitre, firewall, exploit, safe online, identity theft, cryptography, weakness, ransomware
agriculture, farm, crop, soil, cow, livestock, harvest, farmer, fertilizer, pig, wheat, tractor,
  chicken, sheep, barn, manure, organic, milk, beekeeper, seed, vineyard, grazing, hay, orchard
food cooking, recipe, ingredient, dish, cuisine, taste, nutrition, vitamin, cheese, wine, baking,
  spice, kitchen, chef, restaurant, calories, herbs, bread, ferment, shelf life, sour, meat, fruit
education, school, teacher, curriculum, pupil, learn, pedagogy, university, exam, lesson, study,
  kindergarten, degree, classroom, gifted, teaching method, headmaster, scholar, dyslexia
energy climate, emission, co2, warming, power plant, renewable, wind, solar, nuclear, carbon,
  fossil, grid, oil, gas, greenhouse, sea level, coal, heat pump, hydrogen, glacier, heatwave
languages, linguistics, grammar, word origin, etymology, idiom, dialect, dictionary, synonym,
  proverb, slang, pronunciation, latin, plural, saying, expression, accent, spelling rule, tongue,
  vowel
arts culture, book, film, music, painting, novel, museum, artist, literature, opera, custom,
  tradition, author, theatre, religion, mythology, poet, sculpture, composer, folklore, movie,
  actor, festival
sports knowledge, football, league, olympic, record, team, player, tennis, world cup, champion,
  rules, medal, goals, offside, race, athlete, referee, who won, final, stadium, marathon, boxing
vehicles, car, engine, motor, train, ship, aircraft, motorcycle, tyre, truck, brake, gearbox,
  garage, mechanic, oil change, warning light, airplane, boat, clutch, horsepower, vintage car,
  caravan, diesel
government knowledge, ministry, election, parliament, office, law, public, council, mayor,
  president, permit, welfare, citizen, vote, minister, politics, authority, embassy, party,
  democracy
agent2agent, a2a, a2a 1.0, agent card, agents talk, task between agents, interoperate,
  other agents, delegate, agent to agent, google agents, hand over task, agent protocol
model context protocol, mcp, tool server, claude desktop, tools for llm, connect tools,
  give model access, mcp server, plugin, context server, assistant tools
http, rest, web request, fetch, endpoint, url, curl, https, webhook, json, headers, status code,
  browser request, web service
grpc, protobuf, rpc, stub, remote call, proto file, binary protocol, microservices, typed calls,
  streaming calls, protocol buffers
graphql, query language, schema, resolver, mutation, apollo, one request, nested fields,
  only the fields, facebook api, subscriptions
websocket, live, push, realtime, two-way, stream, chat connection, instant updates, socket,
  live ticker, both directions, keeps open, long-lived
mqtt, broker, topic, publish, subscribe, devices, iot, kafka, queue, smart home, rabbitmq,
  mosquitto, telemetry, sensors send, messages of devices, zigbee, amqp
libp2p, peer-to-peer, p2p, ipfs, gossip, dht, decentralised, without server, multiaddr,
  direct between computers, peers, nat, swarm, file sharing
openai interface, openai, chat completions, compatible, drop-in, base url, api key, gpt api,
  embeddings endpoint, sdk, litellm, same as openai
mail protocols, smtp, imap, send mail, mail server, pop3, mailbox, outgoing mail, postfix, relay,
  mail client, electronic post, exchange server
file transfer, sftp, ftp, scp, upload file, drop folder, server files, ssh, bank files,
  nightly upload, ftps, rsync, legacy exchange, filezilla, webspace
sql access, jdbc, odbc, connect database, select, tables, driver, query, dbeaver, tableau,
  power bi, reporting tool, connection string, bi tool
fhir, hl7, patient record, hospital system, ehr, clinical data, medical records exchange,
  lab results, epic, clinic software, health insurer, practice software, observation, cerner
`;
