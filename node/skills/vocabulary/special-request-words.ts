/**
 * Words with which people ask for rarer kinds of work. See `request-words.ts`.
 *
 * @module
 */

/** One kind of work a line; an indented line goes on. */
export const SPECIAL_REQUEST_WORDS = `
event extraction, what happened, when, timeline, incidents, chronology, sequence of events, dates
  in a text
argument mining, stance, pro and con, for or against, debate, position, arguments, controversy
sarcasm, irony, joking, meant seriously, mockery, tongue in cheek
transliteration, alphabet, cyrillic, romanise, pinyin, spell foreign names, script, katakana
name generation, brand, call it, startup name, product name, domain free, catchy name
resume parsing, cv, applicants, extract, experience, candidates, hiring, screen, pile of
  applications
press release, media, announce, launch, journalists, newsroom, statement
legal translation, contract, certified, sworn, court document, foreign law, clause, notarised
technical translation, manual, machine, instructions, terminology, engineers, foreign customers
interpreting, live, conversation, two languages, meeting, simultaneous, speak with foreigners,
  abroad
multi-document, many articles, combine, one report, synthesis, compare sources, different
  newspapers
readability, school grade, how hard to read, score, sentence length, too difficult
text completion, continue, next words, generate, autocomplete, finish my sentence
role play, persona, act as, pretend, character, companion, simulated person, talk like
email drafting, reply, answer a mail, polite, write back, decline, remind, follow up, colleague
translation quality, check a translation, compare, post-editing, errors in the translated text
keyword spotting, wake word, hot word, command, say the word, trigger
speech emotion, voice, angry caller, stress, tone of voice, mood of the speaker
voice cloning, my voice, sound like, imitate, speaker sample, same voice
voice conversion, dubbing, another voice, actor, film in another language, lip movements
sound effects, footsteps, explosion, rain sound, foley, game sound, effect
mastering, loudness, streaming, album, final mix, balance, equaliser
beat tracking, tempo, bpm, key, rhythm, dance, mix tracks
audio fingerprint, which song, recognise a song, what is playing, radio, identify music, copyright
  match
speaker separation, who said what, several voices, names of speakers, conversation, panel, turns,
  podcast guests
python programming, script, automate, pandas, small program, file processing, flask, notebook
typescript programming, types, frontend, node, react, any, javascript, strict
go programming, concurrent, service, goroutine, backend, server, microservice
c programming, low level, kernel, driver, pointer, embedded, memory, firmware
java programming, enterprise, spring, backend, jvm, service
haskell programming, functional, pure, monads, types, lambda
shell scripting, bash, one-liner, rename, files, cron, linux, command
excel macros, vba, spreadsheet, formula, automate, office, worksheet, cells
game programming, unity, unreal, shader, engine, physics, player, sprite
shader, gpu, glsl, graphics, rendering, pixel, effect
gpu kernels, cuda, parallel, speed up, matrix, tensor, triton
query writing, sql, report, join, tables, group by, select, analyst
database schema, tables, design, normalise, entities, relations, migration script
java upgrade, old java, version, jdk, spring boot, end of support
frontend migration, angularjs, jquery, react, rewrite, old interface, vue, modern
cloud migration, own servers, data centre, lift and shift, move to aws, on premises
dependency updates, outdated libraries, packages, versions, vulnerable, npm, bump, renovate
licence compliance, open source, gpl, mit, allowed to use, copyleft, dependencies, sbom
secrets scanning, api key, leaked, repository, committed, credentials, tokens in code
threat modelling, what could go wrong, attackers, design, architecture, stride, risks of a system
digital forensics, evidence, deleted files, disk image, investigate, traces, hard drive, who did
  it
incident response, attacked, ransomware, contain, hacked, emergency, recover, breach, first aid
denial of service, flood, ddos, overload, traffic, block, botnet
certificate renewal, tls, https, expired, browser warning, lets encrypt, padlock
dns, domain, record, resolve, nameserver, website address, zone
load testing, thousand users, peak, stress, capacity, how many requests, black friday, hold up
mutation testing, end-to-end, browser test, selenium, clicks through, login test, test my web shop
decompile, reverse engineering, binary, without source, firmware, what does it do, disassemble
formal verification, prove program, correct, specification, model checking, deadlock free, tla
accessibility audit, blind, screen reader, contrast, keyboard, wcag, barrier-free, disabled
  visitors
website builder, small business, homepage, online presence, restaurant site, club, template
chatbot building, bot, assistant, customers, dialogue flow, telegram bot, discord
data imputation, gaps, missing values, fill, incomplete, holes in a series
table question answering, spreadsheet, ask, highest, total, which month, sum, rows
data catalogue, metadata, lineage, which table, owner, documentation of data
address cleaning, street names, postcode, standardise, mailing list, returned letters
price monitoring, competitor, shop, daily, change, cheaper, watch prices
sales forecast, shop, next week, how much bread, staff needed, ice cream, units
survey analysis, answers, open questions, respondents, what employees said, questionnaire
a/b test, two versions, button, better, visitors, conversion, experiment, winner
customer lifetime value, loyal, worth, long term, buyers, retention
option pricing, call, put, derivative, volatility, hedge, greeks, fair premium
cash flow forecast, liquidity, run out of money, next months, bills, incoming payments
sanctions screening, terror list, embargo, business partner, name match, politically exposed,
  blocked
expense audit, travel costs, policy, employees, suspicious receipts, reimbursements
payroll, salaries, net, gross, payslip, social insurance, employees, month end
esg rating, sustainability, ethical, green, investments, company responsible, child labour
currency hedging, exchange rate, export, dollar, protect, fluctuation, forward
pension planning, retire, old age, enough money, sixty-five, saving rate
loan comparison, mortgage, interest, monthly rate, house purchase, cheapest credit
insurance claims, damage, accident, photos, settle, car, hail, dent, how much to pay out
trademark search, brand, name taken, logo, registered, confusing, similar mark
legal deadlines, appeal, limitation, days left, court, calendar, file in time
e-discovery, thousands of mails, lawsuit, relevant, evidence, review documents, litigation
open data request, freedom of information, authority, file access
pathology, tissue, slide, biopsy, cells, tumour, microscope, grading, cancerous
retina, eye, diabetic, fundus, vision loss, optic nerve
discharge letter, hospital, doctor writes, patient stay, summary, family doctor
trial matching, study, patient, eligible, new treatment, experimental, oncology, inclusion
triage, urgent, emergency, symptom, wait, ambulance, doctor now or tomorrow
sleep analysis, snoring, apnoea, night, tired, hours, polysomnography
radiotherapy, dose, tumour, contour, organ, plan
mental support, lonely, sad, talk, worries, listening, sleep, stressed at work
phylogenetics, tree of life, related species, evolution, ancestor, branches, lineage
metagenomics, microbes, gut, soil sample, which bacteria, environment, community
crispr, guide rna, edit a gene, knock out, off-target, cas9
species identification, which bird, plant, mushroom, photo, hike, edible, poisonous, in my garden
ecology modelling, population, animals, habitat, count, migration, climate
docking, ligand, protein, bind, inhibitor, candidate, screening, receptor
molecular dynamics, atoms, simulate, protein moves, force field, solvent, nanoseconds
materials design, alloy, battery material, crystal, stronger, lighter, superconductor
safety data sheet, hazardous, chemical, store, gloves, spill, label, transport
spectrum interpretation, peaks, unknown compound, nmr, infrared, mass, structure, lab sample
differential equations, ode, pde, population growth, heat, numerically, initial value, pendulum
number theory, primes, factor, divisible, modular, large number, integer
combinatorics, how many ways, arrangements, permutations, counting, seatings
geometry, triangle, angle, circle, construct, area, coordinates
probability, chance, dice, cards, expected, odds, random draw, lottery
linear algebra, matrix, eigenvalue, decomposition, vectors, inverse, sparse system
curve fitting, data points, function, interpolate, trend line, parameters
travelling salesman, tour, shortest, visit all, cities, order, round trip
map making, draw a map, print, hikers, cartography, tiles, legend, region
land use, satellite, forest, fields, city growth, deforestation, change over years
demography, inhabitants, age, district, income, where people live, census
isochrone, reachable, minutes, travel time, how far, by bike, on foot
flood risk, river, house, water level, hundred-year, endangered, map
site selection, where to open, shop location, branch, catchment, footfall
image tagging, products, catalogue, attributes, colour, photo archive, sort pictures
visual search, find similar picture, photo of a shoe, where to buy, look like
depth estimation, distance, three-dimensional, single photo, stereo
deepfake detection, manipulated, fake photo, real picture, generated, edited image, authentic
style transfer, look like van gogh, filter, cartoon of me, painting from photo
logo recognition, brand in photo, sponsor, shirt, visible, broadcast
formula recognition, equation, photo, blackboard, latex, handwritten maths
table recognition, scanned table, pdf, rows, excel, numbers, paper table
floor plan recognition, rooms, drawing, area, wall, blueprint
document classification, scanned mail, incoming post, type, invoice or letter, inbox scan
barcode reading, qr, label, scan, package, code
damage detection, car, dent, photo, insurance, roof, crack, bridge
defect detection, scratch, production, camera, faulty, reject, inspect, bottle, weld
crowd counting, how many people, demonstration, festival, square
licence plate reading, car, parking, gate, toll, camera, number
people tracking, follow, player, shop visitor, path, camera, moving
video stabilisation, shaky, smooth, handheld, bike ride film
video upscaling, old film, restore, vhs, sharper, 4k, frames
lip reading, silent film, mouth, without sound
sports video, goal, highlight, player, match, statistics, replay
lecture capture, talk, slides, chapter, recorded course, find the part
code search, where in the code, function, repository, symbol, call sites
dataset search, open data, find data, statistics, training data, where to get
job search, vacancy, position, near me, salary, openings, career
people search, expert, specialist, speaker, reviewer, contact
image search, stock photos, picture of, royalty-free, illustration
news search, articles about, last week, press, mentions, coverage
legal search, paragraph, statute, commentary, court, find law
patent search, invention, prior art, filings, existing, similar device
recipe search, dish, ingredients, cook, fridge, what can I cook
slam, map, robot, localise, unknown building, lidar, indoor
drone mission, fly, survey, field, roof, waypoints, photos from the air
robot programming, ros, arm, teach, pick, place, welding, motion, cobot
calibration, camera, sensor, robot, hand-eye, offset, precise
autonomous driving, lane, car, obstacle, camera, brake, self-driving
process control, temperature, tank, boiler, keep constant, pid, valve, overshoot
energy management, building, heating, save, consumption, peak, schedule
predictive maintenance, machine, fail, before it breaks, vibration, bearing, downtime, sensor data
production scheduling, machines, orders, sequence, factory, shift, bottleneck
warehouse picking, shelf, walk, order, slotting, where to put, picker
shipment tracking, parcel, where is, arrives, delayed, carrier
carrier selection, forwarder, cheapest shipping, rate, compare, parcel service
dock scheduling, trucks, ramp, gate, time slot, waiting
supplier risk, late, bankrupt, dependence, supply chain, disruption
game balancing, too strong, weapons, units, fair, win rate, economy of a game
puzzle generation, crossword, sudoku, riddles, escape room, new puzzles
playtesting, bot plays, find bugs in game, too hard, level, simulate players
game translation, localise, dialogue, players, other languages
quiz generation, questions, multiple choice, chapter, test for pupils, exam
flashcards, memorise, vocabulary, spaced repetition, remember, cards
science tutoring, physics, chemistry, experiment, explain, pupil, why does
programming tutoring, learn to code, beginner, exercise, explain my mistake
reading practice, child, read aloud, dyslexia, letters, first grade
career advice, job, change, skills, which profession, study choice
influencer search, instagram, partners, reach, bloggers, audience
brand monitoring, mentions, what is said about us, twitter, reputation, crisis
landing page, convert, visitors, sign up, headline, call to action
event promotion, concert, tickets, posters, announce, audience
icon design, symbol, app, pictogram, set, buttons
packaging design, box, label, bottle, product, shelf
colour palette, colours, match, scheme, website, walls
typography, fonts, typeface, lettering, readable
print layout, brochure, magazine, catalogue, page, indesign, flyer
garden design, beds, plants, terrace, layout, shade, flowers
fashion design, dress, pattern, sketch, collection, fabric
phone bot, caller, hotline, voice, appointment by phone, ivr, answer calls
refund decision, return, money back, policy, faulty, complaint, warranty
onboarding, new user, first steps, guide, welcome, getting started
review replies, stars, answer, guests, google reviews, thank, restaurant
open banking, account balance, transactions, bank interface, psd2, statement
code hosting, github, issues, commits, repository, pull requests, branches
medical literature, pubmed, articles, trials, abstracts, mesh
protein database, uniprot, pdb, sequence, structure, entries
chemical database, pubchem, chembl, compound, cas number, properties
weather station, measured, rainfall, past years, climate record, degrees
trade register, company, owner, managing director, annual accounts, shareholders
real estate listings, flats, rents, offers, square metre, district
job postings, vacancies, skills demanded, employers, wages
sports results, scores, fixtures, standings, player statistics, live score
video platform, youtube, channel, views, comments, upload
library catalogue, books, isbn, holdings, borrow, author
court calendar, docket, filings, case number, judge
parliament records, speeches, votes, bills, members, debates
museum collections, objects, paintings, artefacts, images, provenance
language corpora, frequency, usage, examples, collocations
trusted execution, enclave, encrypted in use, confidential, attested, operator cannot see
static address, public ip, reachable, host, port, inbound
edge location, near users, latency, region, europe, data stays
green power, renewable, solar, low carbon, computing, wind
`;
