/**
 * Words that are spoken of together, by topic: who says `jazz` or `trumpet` speaks of music. They
 * carry common knowledge that no synonym holds. See `action-words.ts`.
 *
 * @module
 */

/** One topic a line. A word may stand in several. */
export const TOPIC_WORDS = `
music, jazz, rock, pop, classical, hip hop, techno, folk, genre, melody, rhythm, beat, chord, composer, soundtrack, jingle, tempo, instrumental, orchestra, band, loop, song
score, notes, sheet music, midi, piano, keyboard, guitar, violin, drum, trumpet, flute, tablature, recital, staff notation, transposing
singing, vocals, choir, karaoke, singer, voice, stem, a cappella, lyrics, chorus
recording, microphone, studio, podcast, mixing, mastering, hiss, hum, echo, reverb, noise, loudness, muffled, crackle, clean sound
speech, spoken, dictation, interview, transcript, call, voicemail, lecture, verbatim, stenographer, minutes, talk
voice over, narrator, audiobook, read aloud, text to speech, speech synthesis, synthetic voice, voice actor, accent, announcement
speaker, diarisation, voiceprint, who spoke, turns, caller, identify a voice
bird call, birdsong, cough, siren, glass breaking, gunshot, bark, whistle, chirp, sound event, acoustic
photo, picture, image, snapshot, camera, portrait, selfie, landscape, lens, exposure, jpeg, png, raw, megapixel
restore photo, scratched, faded, torn, colourise, black and white, blurry, sharpen, upscale, grainy, enlarge, low resolution, retouch, old pictures
background removal, cut out, transparent, white background, product shot, catalogue picture, studio shot, mask, green screen
painting, illustration, watercolour, oil painting, cartoon, sketch, comic, poster, concept art, drawing, artist, style, canvas, diffusion, text to image, mural
handwriting, cursive, diary, manuscript, letters, parish register, archive, illegible, scribbled, ledger, ancestors, old script, notebook
scanned page, ocr, receipt, invoice, scan, paper, photocopy, printed text, digitise, typed, searchable pdf, fax, form
detect objects, bounding box, count, pedestrians, vehicles, shelves, helmets, cars, cattle, camera feed, tracking, crowd
licence plate, number plate, parking, vehicle registration, toll, gate
face, facial, identity, selfie, passport photo, verification, biometric, liveness, lookalike, visitor, entrance, fingerprint, iris
satellite, landsat, sentinel, aerial, drone, land cover, deforestation, ndvi, radar, orbit, multispectral, raster, from space, burned area
video, footage, clip, film, youtube, scenes, trailer, highlights, cut, trim, timeline, reel, montage, movie, camera
animation, animate, motion, character, cartoon, keyframe, rig, storyboard, lip sync, moving picture
subtitles, captions, srt, dubbed, deaf viewers, foreign film, timed text, hard of hearing
streaming, codec, transcode, bitrate, hls, h264, av1, mp4, encode, compress video, ffmpeg, resolution, container format
surveillance, cctv, security camera, intruder, night vision, shoplifting, guard, doorbell camera
python, django, flask, pandas, numpy, pip, pytest, fastapi, jupyter, notebook, poetry, script
javascript, typescript, node, npm, react, vue, angular, svelte, frontend, browser, webpack, deno, next.js, dom
java, jvm, spring, maven, gradle, kotlin, scala, android, hibernate, tomcat, enterprise application
rust, cargo, crate, borrow checker, memory safe, ownership, tokio, lifetimes, unsafe, systems language
c, c++, cmake, compiler, pointer, gcc, clang, header, template, memory leak, segfault, native, valgrind
go, golang, goroutine, channels, gofmt, concurrency
c#, .net, dotnet, asp.net, unity, visual studio, xamarin, nuget, windows application, blazor
php, laravel, wordpress, symfony, composer, drupal, magento
ruby, rails, gem, rspec
swift, ios, iphone, ipad, xcode, apple, app store, swiftui
android, kotlin, play store, phone app, mobile app, flutter, react native, dart
haskell, ocaml, functional programming, monad, erlang, elixir, lambda, type inference, clojure, lisp, prolog
r, tidyverse, ggplot, shiny, cran, statistician, rstudio
julia, matlab, octave, fortran, numerical, scientific computing, matrices, hpc
cobol, mainframe, legacy, jcl, as/400, old system, modernise, migrate, fortran, retire a system, copybook
unit test, pytest, junit, coverage, test cases, assertions, mocks, checks, automated checks, regression, test suite, fixtures, quality assurance
bug, stack trace, crash, exception, null pointer, segfault, hang, race condition, deadlock, debug, reproduce, throws, error message, freezes
refactor, clean code, spaghetti, technical debt, duplicate code, readable, maintainable, rename, modular, tangled
code review, pull request, merge request, diff, reviewer, branch, git, commit, patch, changes
sql, query, select, join, postgres, mysql, sqlite, relational, tables, schema, index, database, orm, slow query, rows
nosql, mongodb, redis, cassandra, elasticsearch, document store, key-value, dynamodb, neo4j, graph database, cypher, cache
relational database, postgresql, server, geospatial extension, vector extension, sandbox database, mariadb, oracle
regex, regular expression, pattern, match strings, capture group, wildcard
api, rest, endpoint, openapi, swagger, client library, sdk, json, webhook, integration, postman
docker, container, image, kubernetes, pod, helm, cluster, compose, registry, orchestrate, k8s, microservice
cloud, aws, azure, gcp, terraform, ansible, server, provisioning, infrastructure, virtual machine, serverless, lambda, instance
ci, cd, pipeline, build, deploy, release, github actions, jenkins, gitlab, artefact, rollout, staging, production
monitoring, outage, incident, logs, alert, on-call, prometheus, grafana, uptime, postmortem, latency, slow server, pager, downtime, root cause
backup, restore, snapshot, disaster recovery, failover, redundancy, lost data, ransomware recovery
network, router, firewall, vpn, dns, tcp, subnet, packet, switch, latency, wifi, bandwidth, ip address, ping, proxy
linux, bash, shell, terminal, cron, command line, ssh, awk, grep, unix, sysadmin, kernel, distro
windows, powershell, active directory, registry, office 365, exchange server, desktop support
firmware, microcontroller, arduino, esp32, raspberry pi, embedded, bootloader, i2c, uart, interrupt, stm32, gpio, hardware
browser, click, form, login page, headless, playwright, selenium, scrape, tab, cookies, captcha, web page, chromium
webassembly, wasm, wasi, in the browser, portable bytecode, near native speed, plugin
gpu, cuda, graphics card, vram, nvidia, a100, h100, rtx, tensor cores, training run, accelerator, video card, kernels, rent a gpu
cpu, cores, threads, processor, xeon, epyc, arm, benchmark, compute, vcpu, gigahertz
memory, ram, gigabytes, in memory, dimm, swap, big heap, load everything at once
disk, ssd, nvme, storage, terabyte, petabyte, archive, tape, hard drive, cold storage, backups, keep files
bandwidth, gigabit, fibre, uplink, upload, download, throughput, internet connection, cdn, egress, symmetrical
fpga, verilog, vhdl, xilinx, bitstream, asic, hardware description, reconfigurable
quantum, qubit, qiskit, gate, annealing, ion trap, superconducting, entanglement, superposition, quantum processor
tpu, npu, neural accelerator, inference chip, edge device, jetson, coral
robot, arm, gripper, actuator, ros, manipulator, pick and place, kinematics, end effector, humanoid, mobile base, motion, joints, collision
drone, quadcopter, unmanned, flight plan, uav, aerial survey, waypoint, pilot, no-fly zone
autonomous driving, self-driving, lidar, lane, slam, localisation, obstacle, path planning, perception, vehicle
3d printer, filament, stl, resin, print bed, layer, prototype part, additive, spool, plastic part, nozzle
cnc, milling, lathe, machining, toolpath, laser cutter, sheet metal, workshop, g-code
cad, technical drawing, blueprint, solid model, tolerance, assembly, step file, draughtsman, dimensions, extrude, part
circuit, pcb, schematic, resistor, capacitor, voltage, transistor, oscilloscope, soldering, amplifier, op-amp, spice, kicad, board
sensor, thermometer, humidity, accelerometer, telemetry, meter reading, iot, temperature reading, gateway, lorawan
microscope, laboratory, telescope, spectrometer, instrument, centrifuge, pipette, wet lab, chromatograph
secure enclave, trusted execution, tee, sgx, confidential computing, attestation, encrypted memory, nobody can look inside, tamper
hsm, key storage, private key, signing key, hardware security module, certificate authority, pki
llm, language model, gpt, prompt, token, context window, chat completion, fine-tune, hallucination, llama, mistral, chatbot, generative, ollama, open weights
embedding, vector, nearest neighbour, semantic search, similarity, rag, retrieval, passages, index, cosine, relevant documents
neural network, deep learning, pytorch, tensorflow, jax, keras, backpropagation, layers, epochs, training, transformer, weights
classifier, random forest, xgboost, scikit-learn, gradient boosting, features, cross-validation, supervised, predictive model, logistic regression
hyperparameters, grid search, learning rate, tune a model, automl, sweep, optuna
reinforcement learning, agent, reward, policy, environment, self-play, bandit, exploration
model evaluation, benchmark, precision, recall, f1, accuracy, bias, fairness, drift, leaderboard, held-out set
annotation, labelled data, ground truth, labellers, crowd workers, training set, tagging
spreadsheet, excel, csv, columns, rows, pivot, cells, formula, google sheets, workbook, macro, table
chart, bar, pie, line graph, axis, scatter, plot, dashboard, visualise, heat map, infographic, legend, figure
data cleaning, duplicates, missing values, misspelt, inconsistent, outliers, dedupe, normalise, messy, same person twice, typos, customer list, mailing list, addresses
etl, pipeline, warehouse, ingest, batch, spark, airflow, dbt, data lake, parquet, kafka, hadoop, big data, terabytes of logs
time series, forecast, seasonality, next quarter, trend, demand, arima, monthly sales, how many will we need, predict sales, staffing, next week
statistics, regression, p-value, significance, anova, t-test, sample, confidence interval, hypothesis, variance, bayesian, correlation, survey data, treatment effect, a/b test
anomaly, outlier, spike, unusual, deviation, abnormal, drift, odd readings, suspicious, out of the ordinary, sudden change
graph theory, nodes, edges, shortest path, centrality, communities, friends of friends, connections, social graph, flows
optimization, linear programming, integer program, constraints, solver, knapsack, assignment, timetable, minimise, maximise, allocation, cheapest combination, schedule nurses
equation, algebra, integral, derivative, calculus, polynomial, symbolic, differential equation, matrix, eigenvalue, solve for x, closed form
geometry, triangle, circle, angle, area, volume, polygon, coordinates, trigonometry
theorem, proof, lemma, lean, coq, isabelle, formalise, axiom, formally verified, proof assistant, mathematician, conjecture
number theory, prime, factor, modular arithmetic, integers, cryptography, divisors
probability, dice, odds, random, expected value, monte carlo, distribution, chance, likelihood, coin flip
numerical, finite elements, mesh, simulation, partial differential equations, solver, stress, fluid, cfd, turbulence, aerodynamics, structural load, deflection, bridge
crystal, semiconductor, materials, alloy, lattice, band gap, density functional, polymer, ceramics, conductivity
chemistry, molecule, compound, reaction, solvent, synthesis, reagent, catalyst, smiles, acid, spectrum, nmr, organic, yield, route to a compound, precursor, chemist, boiling point
drug discovery, docking, binding, ligand, target protein, inhibitor, lead compound, pharmacology, admet, toxicity, candidate, solubility
protein, amino acid, folding, structure, enzyme, antibody, alphafold, sequence, peptide, mutation, binding site
dna, genome, gene, sequencing, variant, mutation, rna, crispr, chromosome, fastq, genetic test, hereditary, expression, reads, phylogenetic, primer, pcr, cell
species, biology, bacteria, fungus, insect, plant, mushroom, flower, bird, fish, taxonomy, ecology, evolution, wildlife, habitat, specimen, field guide, biodiversity
astronomy, telescope, star, planet, galaxy, orbit, comet, asteroid, eclipse, exoplanet, light curve, night sky, spectroscopy, moon, nebula
physics, force, momentum, relativity, particle, energy, thermodynamics, optics, electromagnetism, quantum mechanics, laser
geology, rock, mineral, earthquake, seismic, volcano, drilling, groundwater, fossil, sediment, ore, mine
weather, rain, storm, temperature, wind, snow, frost, umbrella, forecast, humidity, sunshine, thunder, picnic, hail, radar, outdoors, barometer
climate, warming, greenhouse gas, carbon, co2, emissions, sea level, footprint, net zero, offsets, ipcc, kyoto, sustainability report, scope
air quality, particulate, pollution, smog, ozone, water quality, noise, contamination, exhaust, nitrate
energy, electricity, solar panel, wind turbine, grid, battery, kilowatt, heat pump, consumption, load, meter, charging station, power plant, photovoltaic, roof, utility, tariff
oil, gas, refinery, pipeline, drilling, petroleum, barrel, fuel
building, architect, staircase, stairs, door, window, roof, insulation, fire exit, wall, floor, construction, concrete, building code, permit, ceiling, corridor, renovation, bricks, wheelchair ramp, planning permission
interior, sofa, furniture, wallpaper, bedroom, curtains, lamp, kitchen, decor, living room, paint, carpet, shelves, rearrange
house, flat, apartment, rent, mortgage, landlord, tenant, estate agent, property, square metres, price of a home, neighbourhood, cadastre, land register, parcel of land
farm, crop, wheat, maize, potato, tomato, rice, harvest, soil, fertiliser, irrigation, tractor, seed, orchard, vineyard, sow, field, barley, beans
pest, beetle, aphid, caterpillar, blight, mildew, weed, leaf, spots, insecticide, pesticide, fungicide, locust, slug, infestation, leaves, eating, yellow leaves, rot
livestock, cow, cattle, sheep, pig, chicken, dairy, herd, milk, veterinary, stable, hooves, lameness, feed, poultry
garden, lawn, rose, tree, shrub, compost, pruning, houseplant, flower bed, watering, balcony, greenhouse, herbs
forest, timber, logging, wildfire, tree species, wood, ranger
fish, fishing, trawler, aquaculture, sea, tide, reef, harbour, salmon, catch
dog, cat, puppy, horse, rabbit, pet, vet, leash, kennel, animal, barking, litter, hamster, parrot
food, dish, recipe, ingredient, oven, bake, fridge, dinner, flour, sauce, soup, pasta, cake, spice, chef, menu, leftovers, cook, cuisine, vegetables, meat, supper, cheese
diet, calories, protein, vitamin, vegan, gluten, allergy, weight, meal plan, nutrition, healthy, carbohydrates, lactose, sugar, diabetic, nuts
food safety, haccp, hygiene, shelf life, cold chain, additive, label, expiry, salmonella, recall
wine, grape, vintage, bottle, pairing, sommelier, beer, brewing, cocktail, whisky, cellar, tasting
clothes, dress, shirt, shoes, outfit, wardrobe, fashion, jacket, sewing, fabric, fit, size, trousers, what to wear, suit, knitting, tailor, sneakers
hair, makeup, skin care, cosmetics, perfume, nails, beauty
heart, cardiac, heartbeat, ecg, electrocardiogram, arrhythmia, atrial fibrillation, blood pressure, pulse, infarction, palpitations, rhythm, cardiologist, irregular, stroke
x-ray, mri, ct, radiology, scan, fracture, chest, tumour, lung, ultrasound, dicom, radiologist, nodule, bone, broken, shadow, mammogram
skin, mole, rash, dermatology, lesion, melanoma, eczema, freckle, itch, spot
eye, retina, vision, glasses, ophthalmology, cataract, diabetic, optician
tissue, biopsy, pathology, slide, histology, cells, stain, cancer, grading
cancer, oncology, chemotherapy, tumour, metastasis, screening, radiation
symptom, fever, cough, headache, pain, sore throat, diagnosis, doctor, illness, nausea, dizzy, sick, emergency room, urgent care, ache, swelling, what do I have
drug, pill, dose, tablet, ibuprofen, aspirin, antibiotic, prescription, side effect, interaction, pharmacist, blood thinner, medicine, together, painkiller, insulin, leaflet
clinical trial, patients, cohort, placebo, eligibility, protocol, ethics committee, randomised, enrolment, participants, trial register
patient record, discharge, hospital, icd, clinical coding, billing code, ehr, anamnesis, ward, nurse, referral, case notes, fhir, hl7, admission
infection, virus, epidemic, vaccine, outbreak, contagion, public health, covid, flu, incidence, epidemiology, spread
mental health, anxiety, depression, stress, therapy, counsellor, sad, panic, burnout, psychologist, mood, worries, insomnia, lonely, overwhelmed
pregnancy, baby, infant, breastfeeding, midwife, toddler, newborn, crying
tooth, dentist, braces, cavity, gums, jaw, orthodontist, implant
workout, gym, marathon, running, muscle, squats, yoga, trainer, fitness, jogging, stretching, physiotherapy, knee, bike ride, training plan, push-ups
blood, laboratory values, cholesterol, glucose, haemoglobin, urine, lab report, lab results, test results
surgery, operation, surgeon, anaesthesia, theatre, scalpel, hospital
prosthesis, wheelchair, hearing aid, rehabilitation, disability, assistive
contract, clause, lease, nda, liability, agreement, signing, termination, party, obligations, warranty, indemnity, terms, tenancy, small print, supplier agreement, penalty
lawsuit, court, judge, verdict, appeal, plaintiff, ruling, precedent, judgment, case law, tribunal, sue, supreme court, dismissed, attorney, case
law, statute, article, code, paragraph, legal, regulation, legislation, lawyer, act, entitled, rights, illegal, allowed, liable
privacy, gdpr, personal data, consent, cookie, data protection, data subject, processor, breach notification, hipaa, dpo, controller, retention
compliance, audit, iso 27001, soc 2, regulator, policy, sanctions, obligations, conformity, certification, checklist, controls, evidence, standard
patent, invention, prior art, claims, novelty, inventor, filing, trademark, copyright, infringement, licence, somebody invented, logo registered
employment, dismissal, notice period, severance, employee rights, overtime, unfair, works council, labour law, contract of employment, maternity leave, fired
immigration, visa, passport, asylum, residence permit, citizenship, border, work permit, embassy, naturalisation, consulate
will, inheritance, estate, heir, notary, testament, probate, divorce, custody, alimony
crime, police, burglary, evidence, forensic, suspect, investigation, witness, prosecution, detective
tax, vat, deduction, income, return, tax office, irs, withholding, refund, deductible, declaration, capital gains, property tax, double taxation, levy, freelancer
bookkeeping, ledger, debit, credit, account, journal, balance sheet, reconcile, closing, depreciation, chart of accounts, ifrs, gaap, trial balance, accountant, receipts, shoebox
invoice, billing, bill, due, overdue, payment terms, reminder, purchase order, supplier, amount, line items, payable
payroll, salary, wage, payslip, overtime, social security, employees, net pay, gross
bank, account, transfer, iban, swift, payment, card, transaction, statement, open banking, balance, deposit, wire, direct debit, sepa
credit, loan, default, borrower, mortgage, lender, repay, credit score, interest rate, instalments, debt, pay back, creditworthy
stocks, shares, equity, exchange, ticker, dividend, portfolio, nasdaq, dow, fund, etf, index, broker, quotes, candlestick, order book, stock price, listed company
bonds, yield, treasury, coupon, maturity, duration, credit spread, interest, central bank
option, derivative, futures, hedge, volatility, black-scholes, swap, call, put, strike, greeks
foreign exchange, currency, euro, dollar, yen, exchange rate, convert money, forex
commodities, gold, copper, crude oil, coffee, wheat price, metals
risk, value at risk, shortfall, stress, exposure, loss, worst case, drawdown, counterparty, capital requirement, var, crash, hedge, how much might I lose
savings, retirement, pension, nest egg, invest, fund, allocation, diversify, asset mix, rebalance, annuity, where to put money
earnings, annual report, quarterly, revenue, profit, margin, guidance, 10-k, filing, cash flow, shareholders letter, investor relations, net income
startup, founder, venture, pitch, investor, valuation, funding round, cap table, equity stake, seed, business plan
merger, acquisition, due diligence, takeover, target company, data room, buyout
money laundering, aml, kyc, sanctions, suspicious transaction, shell company, beneficial owner, watchlist, politically exposed, customer identity
card fraud, stolen card, chargeback, fraudulent, scam, identity theft, fake account, phishing, con
insurance, claim, premium, policyholder, damage, actuary, accident, coverage, deductible, adjuster, underwriter, dented, flood damage, hail damage, payout
bitcoin, ethereum, blockchain, wallet, token, smart contract, solidity, defi, nft, ledger, on-chain, mining, gas fee, coin, stablecoin, web3
malware, virus, trojan, ransomware, attachment, payload, sandbox, reverse engineer, decompile, disassemble, suspicious file, binary, executable, detonate, infected, spyware
phishing, scam mail, spam, fake login, suspicious link, spoof, impersonate, dubious email, bank asks for password, lure
vulnerability, cve, exploit, pentest, injection, xss, port scan, patch, hole, weakness, hackers, break in, owasp, intruders, red team, security hole
intrusion, siem, breach, attacker, lateral movement, soc, threat, ioc, firewall log, incident, suspicious login, hacked, exfiltration
password, login, two-factor, verification code, one-time code, authentication, sso, oauth, oidc, saml, ldap, credential, permission, roles, access rights, account, token
encryption, cipher, key, tls, certificate, aes, signature, cryptography, encrypted, pgp, decrypt
spam, junk, unwanted, filter, unsolicited, inbox
hate speech, toxic, abuse, harassment, comments, moderate, forum, insult, slur, troll, flag, community rules, nasty, violent, nudity
fake news, misinformation, claim, rumour, fact check, evidence, source, hoax, true, conspiracy, viral claim, said on television
plagiarism, copied, essay, originality, cheat, thesis, student paper, cited, ghostwritten, written by a machine
grammar, spelling, comma, typo, proofread, wording, style, punctuation, sentence, mistakes, polish, copy-edit, editor, clumsy
translation, language, french, german, spanish, italian, portuguese, chinese, japanese, korean, arabic, russian, polish, turkish, hindi, dutch, swedish, bilingual, interpreter, native speaker, dialect, into english, mother tongue
summary, abstract, gist, key points, shorten, long, brief, tldr, condense, digest, minutes, overview, pages, one paragraph, essence
named entity, people, organisations, places, mentions, names, extract, persons, companies, who appears, relation, coreference
topic, category, subject, theme, classify, label, sort articles, newsroom, sections, sports, politics, desk, department, tag
intent, user wants, chatbot, utterance, slot, assistant, command, wants to book, cancel, query type, what the user means
chatbot, assistant, conversation, dialogue, reply, chat, turn, bot, persona, virtual agent, talk
question, answer, faq, ask, reply, knowledge base, retrieve, passage, manual, look it up
keywords, tags, key phrases, index terms, terminology, glossary, jargon, thesaurus, ontology, taxonomy, metadata
plain language, simple words, easy to read, jargon, laypeople, children, rewrite, officialese, simplify, readable, school level, tone, formal
redact, anonymise, names removed, black out, personal details, pseudonym, mask, confidential, before publishing, de-identify
sentiment, opinion, positive, negative, neutral, angry, happy, reviews, satisfied, emotion, feel, mood, sarcasm, like, hate, stars
story, novel, fiction, plot, hero, fairy tale, dragon, chapter, character, scene, screenplay, dialogue, bedtime, fantasy, villain, protagonist
poem, haiku, sonnet, rhyme, verse, limerick, stanza, ode, lyric, metre
speech, toast, wedding, eulogy, best man, funeral, retirement party, applause, podium, audience
letter, complaint, apology, courteous, upset, sorry, polite, refund, redress, dissatisfied, goodwill, disappointed, angry customer, compensation, reply, voucher
email, mail, inbox, reply, newsletter, attachment, subject line, mailbox, imap, smtp, send, recipients, unread, gmail, outlook
sms, text message, texting, mobile number, one-time password, phone, whatsapp, messenger, telegram, push notification, ring
telephone, call, voip, sip, dial, phone line, call centre, answer the phone, ring, voice call, hotline, switchboard
calendar, appointment, meeting, invite, free slot, availability, time zone, reschedule, ical, agenda, diary, when can we meet, double booked
slides, deck, powerpoint, keynote, presentation, speaker notes, talk, bullet points, pitch
company documents, wiki, sharepoint, confluence, drive, intranet, slack, notion, enterprise search, internal, colleagues, permissions, knowledge management, find the file
shared folder, dropbox, google drive, s3, bucket, cloud storage, sync, nextcloud, object store, webdav, blob
meeting, minutes, action items, decisions, attendees, agenda, notes, call recording, follow-up, recap, stand-up, board
project, milestone, gantt, deadline, sprint, backlog, tickets, jira, scrum, tasks, roadmap, kanban, dependencies
recruiting, candidate, resume, cv, interview, applicant, vacancy, hire, job ad, shortlist, hr, salary, talent, job opening, headhunter
job application, cover letter, cv, career, job hunt, linkedin, interview preparation, position
sales, lead, prospect, crm, deal, quota, cold email, salesforce, hubspot, pipeline, outreach, closing, potential buyers
marketing, campaign, ad, advert, audience, banner, click, conversion, brand, slogan, promotion, target group, commercial, launch
seo, google ranking, backlink, keyword, search result, organic, meta tag, snippet, first page, crawl
social media, instagram, tweet, hashtag, followers, post, tiktok, influencer, facebook, likes, reel, linkedin, viral
product description, listing, amazon, ebay, shop, sku, catalogue, bullet, store, item, webshop, shopify, marketplace, e-commerce, etsy
survey, questionnaire, respondents, market research, focus group, poll, consumers, panel, interviewees, open answers
reviews, ratings, feedback, customers, complaints, stars, comments, trustpilot, testimonials, what people say
support ticket, helpdesk, customer service, agent, refund, return, order status, complaint, escalation, zendesk, unhappy customer, response
price, discount, dynamic pricing, elasticity, cheaper, competitor prices, price tag, margin, sale, markdown, fare
procurement, supplier, rfq, tender, quote, purchase, negotiate, vendor, sourcing, bids, purchasing department
logo, brand, colours, font, typography, flyer, business card, letterhead, identity, visual, packaging, emblem, mark, label
user interface, wireframe, mockup, usability, button, screen, figma, app design, prototype, ux, navigation, click path, contrast, screen reader, accessibility, wcag
3d model, mesh, texture, blender, render, polygon, scene, lighting, ray tracing, vr, augmented reality, game engine, point cloud, visualise, photogrammetry, gaussian splat
route, delivery, truck, van, stops, parcel, driver, fleet, traffic, shortest, road, dispatch, courier, depot, fuel, tour, rounds, visits
warehouse, stock, inventory, reorder, sku, pallet, shelf, picking, replenishment, spare parts, run out, supply, stores
freight, container, ship, vessel, port, cargo, customs, tariff code, hs code, import, export, duty, incoterms, bill of lading, declaration, crossing the border
ship positions, ais, vessel, harbour, maritime, tanker, fleet tracking, sailing, mmsi, at sea
flight, airline, airport, plane, departure, arrival, delay, boarding, fare, ticket, gate, seat, iata, adsb, aircraft, pilot, air traffic, runway
train, railway, timetable, station, bus, tram, public transport, gtfs, metro, commute, connection, departures, platform
hotel, room, booking, guest, reservation, check-in, night, hostel, accommodation, breakfast, holiday, resort
trip, itinerary, holiday, sightseeing, vacation, city break, tourist, travel, weekend, museum, guide, days in, visit, beach, backpack
restaurant, table, menu, reservation, dinner, waiter, cafe, meal, reviews, takeaway
map, address, coordinates, latitude, longitude, geocode, postcode, zip, street, place, gps, gis, distance, nearby, openstreetmap, boundaries, shapefile, location
elevation, terrain, watershed, river, flood, slope, contour, catchment, hillside, landslide, hydrology, dam, groundwater
population, census, demographics, household, statistics office, inhabitants, age groups, eurostat, district
election, vote, parliament, party, mp, bill, senate, politician, minister, policy, government, campaign, lobby
permit, municipality, citizen, public authority, council, licence, office, application form, benefits, welfare, register, town hall
standards, iso, din, norm, specification, certification, ce mark, tolerances, machinery directive
chess, opening, move, checkmate, stockfish, grandmaster, endgame, board, position, opponent, go, backgammon, engine
video game, npc, level, quest, player, dungeon, unity, unreal, game design, balance, boss, loot, dialogue tree, game master, role playing
puzzle, sudoku, crossword, riddle, quiz, trivia, brain teaser, wordle
football, soccer, match, league, goal, player, team, odds, betting, season, tennis, basketball, coach, olympics, tournament, scores, fixtures, standings, referee, cricket, baseball
school, pupil, teacher, lesson, homework, class, curriculum, exam, grade, fractions, worksheet, syllabus, classroom, marking, essay, ten-year-old, student, tutor, learning
university, degree, thesis, dissertation, lecture, professor, seminar, student, academic, literature, citation, faculty
vocabulary, pronunciation, accent, grammar drill, language learner, conversation practice, flashcards, learn, a1, speaking, fluent, duolingo
paper, journal, citation, literature, pubmed, arxiv, study, review, abstract, meta-analysis, researcher, peer review, evidence, doi, preprint, published, scholar
news, headline, newspaper, press, journalist, article, breaking, coverage, broadcaster, current events, editor, wire, reporter
company, register, shareholder, director, filing, subsidiary, ownership, chamber of commerce, annual accounts, insolvency, who owns, headquarters, vat number
history, war, century, king, empire, ancient, medieval, archive, museum, archaeology, revolution, dates, roman, castle, battle
ancestor, family tree, grandfather, grandmother, parish, birth record, genealogy, descendant, surname, immigrant records, relatives
religion, bible, koran, church, prayer, theology, saint, mosque, temple, scripture, ritual, priest
art, museum, painter, gallery, sculpture, exhibition, renaissance, masterpiece, auction, curator, impressionist
film, movie, series, actor, director, cinema, netflix, watch tonight, television, streaming, plot
book, library, author, isbn, reader, novel, publisher, bestseller, bookshelf, catalogue
machine failure, bearing, vibration, wear, maintenance, breakdown, turbine, pump, remaining life, motor, gearbox, replace, condition, compressor, escalator, lift
defect, inspection, scratch, crack, weld, production line, faulty, reject, quality control, surface, dent, conveyor, assembly
plc, scada, opc ua, modbus, profinet, fieldbus, controller, industrial automation, shop floor, machine tool, can bus, siemens, factory line
smart home, thermostat, light, heating, zigbee, home assistant, hvac, bacnet, building automation, blinds, air conditioning, knx, z-wave, matter
control, pid, setpoint, feedback loop, actuator, valve, tuning, controller, regulator, oscillation, servo
electric car, charging, ocpp, battery, charger, plug, range, vehicle, fleet
car, engine, brake, tyre, mechanic, garage, obd, dashboard light, gearbox, repair, fault code, oil, workshop, warning lamp, diesel
ship building, marine engine, hull, navigation, sailing, nautical, port
mqtt, broker, publish, subscribe, topic, message queue, amqp, rabbitmq, kafka, nats, event stream, pub/sub, telemetry, messages
http, rest, json, url, request, header, endpoint, web service, openapi, get and post, curl
graphql, query language, resolver, mutation, schema, nested fields, exactly the fields
grpc, protobuf, rpc, remote call, streaming rpc, binary, stubs, thrift, soap, xml-rpc, wsdl
websocket, real-time, live updates, push, server-sent events, persistent connection, bidirectional, socket, webrtc, peer connection
oauth, openid connect, saml, single sign-on, delegated login, bearer token, identity provider, scim, sign in with
ftp, sftp, ssh, file transfer, upload, scp, rsync, as2, drop files
edi, edifact, x12, purchase orders between companies, invoicing standard, peppol, ubl, electronic invoice, trading partners
fix protocol, order routing, trading venue, swift, iso 20022, market gateway, settlement message, bank messages
fhir, hl7, dicom, patient data exchange, hospital system, interoperability, medical images archive, pacs
sparql, rdf, linked data, triple store, semantic web, ontology, wikidata, owl, knowledge graph
activitypub, mastodon, fediverse, matrix, xmpp, federated, decentralised, instant messaging, ipfs, libp2p, peer to peer, bittorrent, nostr
agent, a2a, mcp, agent card, tool calling, other agents, model context, tools for a model, acp, function call, interoperate
caldav, ical, carddav, vcard, calendar sync, contacts, address book
rtsp, onvif, camera stream, live video, ip camera, hls, rtmp
odbc, jdbc, bi tool, tableau, connect a reporting tool, power bi, arrow flight, sql driver
latex, typesetting, tex, bibliography, journal template, equations, pdf, manuscript, beamer, typst, footnotes
pdf, word, docx, markdown, html, convert, pandoc, e-book, epub, file format, pages, merge, layout
image format, resize, thumbnail, imagemagick, webp, batch images, watermark, crop
blender, render farm, frames, overnight, animation, cycles, scene, film quality, cinema 4d, maya
spark, hadoop, cluster, distributed job, parquet, dask, ray, many machines, terabytes
solver, gurobi, cplex, mip, sat, smt, z3, constraint programming, or-tools, scip
openfoam, cfd, ansys, fluent, finite volume, airflow, drag, wind tunnel, comsol, abaqus
gromacs, lammps, molecular dynamics, gaussian, quantum chemistry, dft, force field, trajectories
blast, bioconductor, samtools, gatk, snakemake, nextflow, bowtie, alignment, fastq, reads
qgis, postgis, gdal, arcgis, shapefile, geotiff, spatial query, cartography
sandbox, untrusted code, isolated, jail, gvisor, firecracker, strangers code, safely run, microvm, disposable machine
render, typeset, compile, build, toolchain, make, cross-compile, bazel
emulator, retro, console, nintendo, game boy, dos, vintage, old computer
translation memory, localise, app strings, tmx, xliff, glossary, software strings, user interface in other languages
museum guide, tourist office, city facts, local knowledge, sights, opening hours
labour market, occupations, skills taxonomy, wages, unemployment, job titles, esco
trade statistics, exports, imports, comtrade, tariffs, trade partners
rare languages, welsh, latin, ancient greek, sanskrit, basque, icelandic, dialect, dead language, hieroglyph
etiquette, customs, culture, manners, business culture, gestures, traditions, taboo, polite abroad
psychology, behaviour, personality, cognitive, bias, motivation, habit, therapy
philosophy, ethics, kant, moral, argument, existence, plato, logic
economics, inflation, gdp, interest rates, unemployment, macro, recession, central bank, growth
nuclear, reactor, isotope, radiation, uranium, shielding, dose
aviation, aircraft maintenance, airworthiness, pilot, cockpit, faa, easa, checklists
railway signalling, rolling stock, track, interlocking, locomotive
telecom, 5g, antenna, spectrum, base station, coverage, signal strength, mobile network
water, sewage, treatment plant, pipe, leak, drinking water, reservoir
waste, recycling, landfill, sorting, plastic, bin, compost, circular economy
disaster, earthquake, evacuation, rescue, flood, wildfire, first responders, shelter, aid, humanitarian
military, defence, weapons, geopolitics, conflict, intelligence
charity, donation, nonprofit, fundraising, volunteers, grant, foundation, ngo
wedding, party, guests, venue, birthday, invitation, catering, seating, anniversary, celebration, flowers, band
gift, present, surprise, christmas, idea for my, birthday
child, toddler, parent, kindergarten, bedtime, nursery, toys, teenager, family
`;
