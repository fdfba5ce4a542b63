/**
 * Words that are spoken of together: living, health, law, money, trade and what else there is. See
 * `topic-words.ts`.
 *
 * @module
 */

/** One topic a line; an indented line goes on. */
export const EVERYDAY_TOPIC_WORDS = `
building, architect, staircase, stairs, door, window, roof, insulation, fire exit, wall, floor,
  construction, concrete, building code, permit, ceiling, corridor, renovation, bricks, wheelchair
  ramp, planning permission
interior, sofa, furniture, wallpaper, bedroom, curtains, lamp, kitchen, decor, living room, paint,
  carpet, shelves, rearrange
house, flat, apartment, rent, mortgage, landlord, tenant, estate agent, property, square metres,
  price of a home, neighbourhood, cadastre, land register, parcel of land
farm, crop, wheat, maize, potato, tomato, rice, harvest, soil, fertiliser, irrigation, tractor,
  seed, orchard, vineyard, sow, field, barley, beans
pest, beetle, aphid, caterpillar, blight, mildew, weed, leaf, spots, insecticide, pesticide,
  fungicide, locust, slug, infestation, leaves, eating, yellow leaves, rot
livestock, cow, cattle, sheep, pig, chicken, dairy, herd, milk, veterinary, stable, hooves,
  lameness, feed, poultry
garden, lawn, rose, tree, shrub, compost, pruning, houseplant, flower bed, watering, balcony,
  greenhouse, herbs
forest, timber, logging, wildfire, tree species, wood, ranger
fish, fishing, trawler, aquaculture, sea, tide, reef, harbour, salmon, catch
dog, cat, puppy, horse, rabbit, pet, vet, leash, kennel, animal, barking, litter, hamster, parrot
food, dish, recipe, ingredient, oven, bake, fridge, dinner, flour, sauce, soup, pasta, cake,
  spice, chef, menu, leftovers, cook, cuisine, vegetables, meat, supper, cheese
diet, calories, protein, vitamin, vegan, gluten, allergy, weight, meal plan, nutrition, healthy,
  carbohydrates, lactose, sugar, diabetic, nuts
food safety, haccp, hygiene, shelf life, cold chain, additive, label, expiry, salmonella, recall
wine, grape, vintage, bottle, pairing, sommelier, beer, brewing, cocktail, whisky, cellar, tasting
clothes, dress, shirt, shoes, outfit, wardrobe, fashion, jacket, sewing, fabric, fit, size,
  trousers, what to wear, suit, knitting, tailor, sneakers
hair, makeup, skin care, cosmetics, perfume, nails, beauty
heart, cardiac, heartbeat, ecg, electrocardiogram, arrhythmia, atrial fibrillation, blood
  pressure, pulse, infarction, palpitations, rhythm, cardiologist, irregular, stroke
x-ray, mri, ct, radiology, scan, fracture, chest, tumour, lung, ultrasound, dicom, radiologist,
  nodule, bone, broken, shadow, mammogram
skin, mole, rash, dermatology, lesion, melanoma, eczema, freckle, itch, spot
eye, retina, vision, glasses, ophthalmology, cataract, diabetic, optician
tissue, biopsy, pathology, slide, histology, cells, stain, cancer, grading
cancer, oncology, chemotherapy, tumour, metastasis, screening, radiation
symptom, fever, cough, headache, pain, sore throat, diagnosis, doctor, illness, nausea, dizzy,
  sick, emergency room, urgent care, ache, swelling, what do I have
drug, pill, dose, tablet, ibuprofen, aspirin, antibiotic, prescription, side effect, interaction,
  pharmacist, blood thinner, medicine, together, painkiller, insulin, leaflet
clinical trial, patients, cohort, placebo, eligibility, protocol, ethics committee, randomised,
  enrolment, participants, trial register
patient record, discharge, hospital, icd, clinical coding, billing code, ehr, anamnesis, ward,
  nurse, referral, case notes, fhir, hl7, admission
infection, virus, epidemic, vaccine, outbreak, contagion, public health, covid, flu, incidence,
  epidemiology, spread
mental health, anxiety, depression, stress, therapy, counsellor, sad, panic, burnout,
  psychologist, mood, worries, insomnia, lonely, overwhelmed
pregnancy, baby, infant, breastfeeding, midwife, toddler, newborn, crying
tooth, dentist, braces, cavity, gums, jaw, orthodontist, implant
workout, gym, marathon, running, muscle, squats, yoga, trainer, fitness, jogging, stretching,
  physiotherapy, knee, bike ride, training plan, push-ups
blood, laboratory values, cholesterol, glucose, haemoglobin, urine, lab report, lab results, test
  results
surgery, operation, surgeon, anaesthesia, theatre, scalpel, hospital
prosthesis, wheelchair, hearing aid, rehabilitation, disability, assistive
contract, clause, lease, nda, liability, agreement, signing, termination, party, obligations,
  warranty, indemnity, terms, tenancy, small print, supplier agreement, penalty
lawsuit, court, judge, verdict, appeal, plaintiff, ruling, precedent, judgment, case law,
  tribunal, sue, supreme court, dismissed, attorney, case
law, statute, article, code, paragraph, legal, regulation, legislation, lawyer, act, entitled,
  rights, illegal, allowed, liable
privacy, gdpr, personal data, consent, cookie, data protection, data subject, processor, breach
  notification, hipaa, dpo, controller, retention
compliance, audit, iso 27001, soc 2, regulator, policy, sanctions, obligations, conformity,
  certification, checklist, controls, evidence, standard
patent, invention, prior art, claims, novelty, inventor, filing, trademark, copyright,
  infringement, licence, somebody invented, logo registered
employment, dismissal, notice period, severance, employee rights, overtime, unfair, works council,
  labour law, contract of employment, maternity leave, fired
immigration, visa, passport, asylum, residence permit, citizenship, border, work permit, embassy,
  naturalisation, consulate
will, inheritance, estate, heir, notary, testament, probate, divorce, custody, alimony
crime, police, burglary, evidence, forensic, suspect, investigation, witness, prosecution,
  detective
tax, vat, deduction, income, return, tax office, irs, withholding, refund, deductible,
  declaration, capital gains, property tax, double taxation, levy, freelancer
bookkeeping, ledger, debit, credit, account, journal, balance sheet, reconcile, closing,
  depreciation, chart of accounts, ifrs, gaap, trial balance, accountant, receipts, shoebox
invoice, billing, bill, due, overdue, payment terms, reminder, purchase order, supplier, amount,
  line items, payable
payroll, salary, wage, payslip, overtime, social security, employees, net pay, gross
bank, account, transfer, iban, swift, payment, card, transaction, statement, open banking,
  balance, deposit, wire, direct debit, sepa
credit, loan, default, borrower, mortgage, lender, repay, credit score, interest rate,
  instalments, debt, pay back, creditworthy
stocks, shares, equity, exchange, ticker, dividend, portfolio, nasdaq, dow, fund, etf, index,
  broker, quotes, candlestick, order book, stock price, listed company
bonds, yield, treasury, coupon, maturity, duration, credit spread, interest, central bank
option, derivative, futures, hedge, volatility, black-scholes, swap, call, put, strike, greeks
foreign exchange, currency, euro, dollar, yen, exchange rate, convert money, forex
commodities, gold, copper, crude oil, coffee, wheat price, metals
risk, value at risk, shortfall, stress, exposure, loss, worst case, drawdown, counterparty,
  capital requirement, var, crash, hedge, how much might I lose
savings, retirement, pension, nest egg, invest, fund, allocation, diversify, asset mix, rebalance,
  annuity, where to put money
earnings, annual report, quarterly, revenue, profit, margin, guidance, 10-k, filing, cash flow,
  shareholders letter, investor relations, net income
startup, founder, venture, pitch, investor, valuation, funding round, cap table, equity stake,
  seed, business plan
merger, acquisition, due diligence, takeover, target company, data room, buyout
money laundering, aml, kyc, sanctions, suspicious transaction, shell company, beneficial owner,
  watchlist, politically exposed, customer identity
card fraud, stolen card, chargeback, fraudulent, scam, identity theft, fake account, phishing, con
insurance, claim, premium, policyholder, damage, actuary, accident, coverage, deductible,
  adjuster, underwriter, dented, flood damage, hail damage, payout
bitcoin, ethereum, blockchain, wallet, token, smart contract, solidity, defi, nft, ledger,
  on-chain, mining, gas fee, coin, stablecoin, web3
malware, virus, trojan, ransomware, attachment, payload, sandbox, reverse engineer, decompile,
  disassemble, suspicious file, binary, executable, detonate, infected, spyware
phishing, scam mail, spam, fake login, suspicious link, spoof, impersonate, dubious email, bank
  asks for password, lure
vulnerability, cve, exploit, pentest, injection, xss, port scan, patch, hole, weakness, hackers,
  break in, owasp, intruders, red team, security hole
intrusion, siem, breach, attacker, lateral movement, soc, threat, ioc, firewall log, incident,
  suspicious login, hacked, exfiltration
password, login, two-factor, verification code, one-time code, authentication, sso, oauth, oidc,
  saml, ldap, credential, permission, roles, access rights, account, token
encryption, cipher, key, tls, certificate, aes, signature, cryptography, encrypted, pgp, decrypt
spam, junk, unwanted, filter, unsolicited, inbox
hate speech, toxic, abuse, harassment, comments, moderate, forum, insult, slur, troll, flag,
  community rules, nasty, violent, nudity
fake news, misinformation, claim, rumour, fact check, evidence, source, hoax, true, conspiracy,
  viral claim, said on television
plagiarism, copied, essay, originality, cheat, thesis, student paper, cited, ghostwritten, written
  by a machine
grammar, spelling, comma, typo, proofread, wording, style, punctuation, sentence, mistakes,
  polish, copy-edit, editor, clumsy
translation, language, french, german, spanish, italian, portuguese, chinese, japanese, korean,
  arabic, russian, polish, turkish, hindi, dutch, swedish, bilingual, interpreter, native speaker,
  dialect, into english, mother tongue
summary, abstract, gist, key points, shorten, long, brief, tldr, condense, digest, minutes,
  overview, pages, one paragraph, essence
named entity, people, organisations, places, mentions, names, extract, persons, companies, who
  appears, relation, coreference
topic, category, subject, theme, classify, label, sort articles, newsroom, sections, sports,
  politics, desk, department, tag
intent, user wants, chatbot, utterance, slot, assistant, command, wants to book, cancel, query
  type, what the user means
chatbot, assistant, conversation, dialogue, reply, chat, turn, bot, persona, virtual agent, talk
question, answer, faq, ask, reply, knowledge base, retrieve, passage, manual, look it up
keywords, tags, key phrases, index terms, terminology, glossary, jargon, thesaurus, ontology,
  taxonomy, metadata
plain language, simple words, easy to read, jargon, laypeople, children, rewrite, officialese,
  simplify, readable, school level, tone, formal
redact, anonymise, names removed, black out, personal details, pseudonym, mask, confidential,
  before publishing, de-identify
sentiment, opinion, positive, negative, neutral, angry, happy, reviews, satisfied, emotion, feel,
  mood, sarcasm, like, hate, stars
story, novel, fiction, plot, hero, fairy tale, dragon, chapter, character, scene, screenplay,
  dialogue, bedtime, fantasy, villain, protagonist
poem, haiku, sonnet, rhyme, verse, limerick, stanza, ode, lyric, metre
speech, toast, wedding, eulogy, best man, funeral, retirement party, applause, podium, audience
letter, complaint, apology, courteous, upset, sorry, polite, refund, redress, dissatisfied,
  goodwill, disappointed, angry customer, compensation, reply, voucher
email, mail, inbox, reply, newsletter, attachment, subject line, mailbox, imap, smtp, send,
  recipients, unread, gmail, outlook
sms, text message, texting, mobile number, one-time password, phone, whatsapp, messenger,
  telegram, push notification, ring
telephone, call, voip, sip, dial, phone line, call centre, answer the phone, ring, voice call,
  hotline, switchboard
calendar, appointment, meeting, invite, free slot, availability, time zone, reschedule, ical,
  agenda, diary, when can we meet, double booked
slides, deck, powerpoint, keynote, presentation, speaker notes, talk, bullet points, pitch
company documents, wiki, sharepoint, confluence, drive, intranet, slack, notion, enterprise
  search, internal, colleagues, permissions, knowledge management, find the file
shared folder, dropbox, google drive, s3, bucket, cloud storage, sync, nextcloud, object store,
  webdav, blob
meeting, minutes, action items, decisions, attendees, agenda, notes, call recording, follow-up,
  recap, stand-up, board
project, milestone, gantt, deadline, sprint, backlog, tickets, jira, scrum, tasks, roadmap,
  kanban, dependencies
recruiting, candidate, resume, cv, interview, applicant, vacancy, hire, job ad, shortlist, hr,
  salary, talent, job opening, headhunter
job application, cover letter, cv, career, job hunt, linkedin, interview preparation, position
sales, lead, prospect, crm, deal, quota, cold email, salesforce, hubspot, pipeline, outreach,
  closing, potential buyers
marketing, campaign, ad, advert, audience, banner, click, conversion, brand, slogan, promotion,
  target group, commercial, launch
seo, google ranking, backlink, keyword, search result, organic, meta tag, snippet, first page,
  crawl
social media, instagram, tweet, hashtag, followers, post, tiktok, influencer, facebook, likes,
  reel, linkedin, viral
product description, listing, amazon, ebay, shop, sku, catalogue, bullet, store, item, webshop,
  shopify, marketplace, e-commerce, etsy
survey, questionnaire, respondents, market research, focus group, poll, consumers, panel,
  interviewees, open answers
reviews, ratings, feedback, customers, complaints, stars, comments, trustpilot, testimonials, what
  people say
support ticket, helpdesk, customer service, agent, refund, return, order status, complaint,
  escalation, zendesk, unhappy customer, response
price, discount, dynamic pricing, elasticity, cheaper, competitor prices, price tag, margin, sale,
  markdown, fare
procurement, supplier, rfq, tender, quote, purchase, negotiate, vendor, sourcing, bids, purchasing
  department
logo, brand, colours, font, typography, flyer, business card, letterhead, identity, visual,
  packaging, emblem, mark, label
user interface, wireframe, mockup, usability, button, screen, figma, app design, prototype, ux,
  navigation, click path, contrast, screen reader, accessibility, wcag
3d model, mesh, texture, blender, render, polygon, scene, lighting, ray tracing, vr, augmented
  reality, game engine, point cloud, visualise, photogrammetry, gaussian splat
route, delivery, truck, van, stops, parcel, driver, fleet, traffic, shortest, road, dispatch,
  courier, depot, fuel, tour, rounds, visits
warehouse, stock, inventory, reorder, sku, pallet, shelf, picking, replenishment, spare parts, run
  out, supply, stores
freight, container, ship, vessel, port, cargo, customs, tariff code, hs code, import, export,
  duty, incoterms, bill of lading, declaration, crossing the border
ship positions, ais, vessel, harbour, maritime, tanker, fleet tracking, sailing, mmsi, at sea
flight, airline, airport, plane, departure, arrival, delay, boarding, fare, ticket, gate, seat,
  iata, adsb, aircraft, pilot, air traffic, runway
train, railway, timetable, station, bus, tram, public transport, gtfs, metro, commute, connection,
  departures, platform
hotel, room, booking, guest, reservation, check-in, night, hostel, accommodation, breakfast,
  holiday, resort
trip, itinerary, holiday, sightseeing, vacation, city break, tourist, travel, weekend, museum,
  guide, days in, visit, beach, backpack
restaurant, table, menu, reservation, dinner, waiter, cafe, meal, reviews, takeaway
map, address, coordinates, latitude, longitude, geocode, postcode, zip, street, place, gps, gis,
  distance, nearby, openstreetmap, boundaries, shapefile, location
elevation, terrain, watershed, river, flood, slope, contour, catchment, hillside, landslide,
  hydrology, dam, groundwater
population, census, demographics, household, statistics office, inhabitants, age groups, eurostat,
  district
election, vote, parliament, party, mp, bill, senate, politician, minister, policy, government,
  campaign, lobby
permit, municipality, citizen, public authority, council, licence, office, application form,
  benefits, welfare, register, town hall
standards, iso, din, norm, specification, certification, ce mark, tolerances, machinery directive
chess, opening, move, checkmate, stockfish, grandmaster, endgame, board, position, opponent, go,
  backgammon, engine
video game, npc, level, quest, player, dungeon, unity, unreal, game design, balance, boss, loot,
  dialogue tree, game master, role playing
puzzle, sudoku, crossword, riddle, quiz, trivia, brain teaser, wordle
football, soccer, match, league, goal, player, team, odds, betting, season, tennis, basketball,
  coach, olympics, tournament, scores, fixtures, standings, referee, cricket, baseball
school, pupil, teacher, lesson, homework, class, curriculum, exam, grade, fractions, worksheet,
  syllabus, classroom, marking, essay, ten-year-old, student, tutor, learning
university, degree, thesis, dissertation, lecture, professor, seminar, student, academic,
  literature, citation, faculty
vocabulary, pronunciation, accent, grammar drill, language learner, conversation practice,
  flashcards, learn, a1, speaking, fluent, duolingo
paper, journal, citation, literature, pubmed, arxiv, study, review, abstract, meta-analysis,
  researcher, peer review, evidence, doi, preprint, published, scholar
news, headline, newspaper, press, journalist, article, breaking, coverage, broadcaster, current
  events, editor, wire, reporter
company, register, shareholder, director, filing, subsidiary, ownership, chamber of commerce,
  annual accounts, insolvency, who owns, headquarters, vat number
history, war, century, king, empire, ancient, medieval, archive, museum, archaeology, revolution,
  dates, roman, castle, battle
ancestor, family tree, grandfather, grandmother, parish, birth record, genealogy, descendant,
  surname, immigrant records, relatives
religion, bible, koran, church, prayer, theology, saint, mosque, temple, scripture, ritual, priest
art, museum, painter, gallery, sculpture, exhibition, renaissance, masterpiece, auction, curator,
  impressionist
film, movie, series, actor, director, cinema, netflix, watch tonight, television, streaming, plot
book, library, author, isbn, reader, novel, publisher, bestseller, bookshelf, catalogue
machine failure, bearing, vibration, wear, maintenance, breakdown, turbine, pump, remaining life,
  motor, gearbox, replace, condition, compressor, escalator, lift
defect, inspection, scratch, crack, weld, production line, faulty, reject, quality control,
  surface, dent, conveyor, assembly
plc, scada, opc ua, modbus, profinet, fieldbus, controller, industrial automation, shop floor,
  machine tool, can bus, siemens, factory line
smart home, thermostat, light, heating, zigbee, home assistant, hvac, bacnet, building automation,
  blinds, air conditioning, knx, z-wave, matter
control, pid, setpoint, feedback loop, actuator, valve, tuning, controller, regulator,
  oscillation, servo
electric car, charging, ocpp, battery, charger, plug, range, vehicle, fleet
car, engine, brake, tyre, mechanic, garage, obd, dashboard light, gearbox, repair, fault code,
  oil, workshop, warning lamp, diesel
ship building, marine engine, hull, navigation, sailing, nautical, port
mqtt, broker, publish, subscribe, topic, message queue, amqp, rabbitmq, kafka, nats, event stream,
  pub/sub, telemetry, messages
http, rest, json, url, request, header, endpoint, web service, openapi, get and post, curl
graphql, query language, resolver, mutation, schema, nested fields, exactly the fields
grpc, protobuf, rpc, remote call, streaming rpc, binary, stubs, thrift, soap, xml-rpc, wsdl
websocket, real-time, live updates, push, server-sent events, persistent connection,
  bidirectional, socket, webrtc, peer connection
oauth, openid connect, saml, single sign-on, delegated login, bearer token, identity provider,
  scim, sign in with
ftp, sftp, ssh, file transfer, upload, scp, rsync, as2, drop files
edi, edifact, x12, purchase orders between companies, invoicing standard, peppol, ubl, electronic
  invoice, trading partners
fix protocol, order routing, trading venue, swift, iso 20022, market gateway, settlement message,
  bank messages
fhir, hl7, dicom, patient data exchange, hospital system, interoperability, medical images
  archive, pacs
sparql, rdf, linked data, triple store, semantic web, ontology, wikidata, owl, knowledge graph
activitypub, mastodon, fediverse, matrix, xmpp, federated, decentralised, instant messaging, ipfs,
  libp2p, peer to peer, bittorrent, nostr
agent, a2a, mcp, agent card, tool calling, other agents, model context, tools for a model, acp,
  function call, interoperate
caldav, ical, carddav, vcard, calendar sync, contacts, address book
rtsp, onvif, camera stream, live video, ip camera, hls, rtmp
odbc, jdbc, bi tool, tableau, connect a reporting tool, power bi, arrow flight, sql driver
latex, typesetting, tex, bibliography, journal template, equations, pdf, manuscript, beamer,
  typst, footnotes
pdf, word, docx, markdown, html, convert, pandoc, e-book, epub, file format, pages, merge, layout
image format, resize, thumbnail, imagemagick, webp, batch images, watermark, crop
blender, render farm, frames, overnight, animation, cycles, scene, film quality, cinema 4d, maya
spark, hadoop, cluster, distributed job, parquet, dask, ray, many machines, terabytes
solver, gurobi, cplex, mip, sat, smt, z3, constraint programming, or-tools, scip
openfoam, cfd, ansys, fluent, finite volume, airflow, drag, wind tunnel, comsol, abaqus
gromacs, lammps, molecular dynamics, gaussian, quantum chemistry, dft, force field, trajectories
blast, bioconductor, samtools, gatk, snakemake, nextflow, bowtie, alignment, fastq, reads
qgis, postgis, gdal, arcgis, shapefile, geotiff, spatial query, cartography
sandbox, untrusted code, isolated, jail, gvisor, firecracker, strangers code, safely run, microvm,
  disposable machine
render, typeset, compile, build, toolchain, make, cross-compile, bazel
emulator, retro, console, nintendo, game boy, dos, vintage, old computer
translation memory, localise, app strings, tmx, xliff, glossary, software strings, user interface
  in other languages
museum guide, tourist office, city facts, local knowledge, sights, opening hours
labour market, occupations, skills taxonomy, wages, unemployment, job titles, esco
trade statistics, exports, imports, comtrade, tariffs, trade partners
rare languages, welsh, latin, ancient greek, sanskrit, basque, icelandic, dialect, dead language,
  hieroglyph
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
disaster, earthquake, evacuation, rescue, flood, wildfire, first responders, shelter, aid,
  humanitarian
military, defence, weapons, geopolitics, conflict, intelligence
charity, donation, nonprofit, fundraising, volunteers, grant, foundation, ngo
wedding, party, guests, venue, birthday, invitation, catering, seating, anniversary, celebration,
  flowers, band
gift, present, surprise, christmas, idea for my, birthday
child, toddler, parent, kindergarten, bedtime, nursery, toys, teenager, family
`;
