/**
 * Groups of English words for things, people and fields. See `action-words.ts`.
 *
 * @module
 */

/** One group a line; an indented line goes on. */
export const THING_WORDS = `
text, document, writing, passage, paragraph, wording, page, prose, article, content
document, paper, file, pdf, report, form, record, paperwork, dossier
report, summary, overview, briefing, account, analysis, statement
book, novel, volume, ebook, literature, library, chapter, reading, author
letter, email, mail, message, correspondence, note, inbox, mailbox
message, sms, chat, note, post, notification, texting
word, term, phrase, vocabulary, expression, dictionary, glossary, wording
language, tongue, english, french, german, spanish, chinese, linguistic, foreign language
name, title, label, brand, call, naming, heading
topic, subject, theme, issue, matter, field
essay, article, blog, column, piece, post, write-up
news, headline, press, journalist, newspaper, media, bulletin, coverage, reporter
paper, study, publication, journal, research, academic, scholarly, scientific, literature, thesis,
  dissertation
source, reference, citation, bibliography, quote, footnote
picture, image, photo, photograph, snapshot, shot, pic, visual, camera
video, film, movie, clip, footage, cinema, recording, reel
sound, audio, noise, acoustic, recording, voice, music
voice, speech, speaker, spoken, speaking, talk, vocal
song, music, track, tune, album, melody, musician, band, playlist
subtitle, caption, closed caption, transcript
drawing, sketch, illustration, cartoon, comic, artwork, painting
logo, brand, emblem, identity, branding, trademark
chart, graph, plot, diagram, figure, visualisation, infographic
slide, presentation, deck, powerpoint, talk, keynote
table, spreadsheet, excel, sheet, csv, rows, columns, tabular, grid
data, dataset, records, information, figures, numbers, statistics
statistics, statistical, average, mean, regression, significance, sample, probability,
  distribution
database, sql, query, tables, schema, postgres, db, warehouse
model, neural network, machine learning, ai, algorithm, classifier, deep learning
website, site, web page, webpage, web, online, internet, homepage, url
app, application, software, program, tool, mobile app
phone, mobile, smartphone, telephone, android, iphone, call, cell
computer, pc, laptop, machine, desktop, workstation, device
server, host, cloud, cluster, data centre, infrastructure, hosting
code, source, program, script, codebase, repository, function, snippet
bug, defect, error, fault, exception, crash, glitch, flaw
test, unit test, quality, qa, coverage, regression
api, interface, endpoint, integration, rest, service
network, internet, connection, router, wifi, bandwidth, traffic
log, logs, trace, telemetry, metrics, monitoring, events
password, login, credential, authentication, account, access, sign-in, identity
virus, malware, ransomware, trojan, infection, malicious
vulnerability, weakness, hole, flaw, exploit, loophole, weak spot
blockchain, crypto, bitcoin, ethereum, token, wallet, coin, ledger
chip, circuit, electronics, pcb, transistor, semiconductor, electronic, board
robot, drone, autonomous, robotic, manipulator, unmanned
sensor, iot, telemetry, instrument, gauge, detector, meter
machine, equipment, device, machinery, apparatus, engine, appliance, motor
part, component, piece, spare, element, module
factory, plant, production, manufacturing, assembly line, industrial, workshop
building, house, construction, architecture, structure, architect, tower
house, home, flat, apartment, property, real estate, dwelling, housing, residence
room, interior, furniture, living room, bedroom, kitchen, decor, bathroom
garden, plants, lawn, yard, gardening, flowers, backyard
plant, crop, leaf, seed, vegetation, botany, flower, tree
farm, farmer, agriculture, field, crop, harvest, agricultural, soil
animal, wildlife, species, creature, fauna, bird, fish, livestock, cattle
pet, dog, cat, puppy, veterinary, vet, animal, kitten
child, kid, baby, toddler, parent, children, parenting, youngster
family, relatives, household, parents, home
student, pupil, learner, school, class, university, classroom, college, undergraduate
teacher, tutor, educator, instructor, professor, trainer, coach
exam, test, quiz, assessment, grade, mark, score, grading, questions
lesson, course, curriculum, class, syllabus, training, lecture, workshop
homework, assignment, exercise, worksheet, schoolwork
maths, mathematics, algebra, calculus, equation, geometry, arithmetic, mathematical
number, figure, digit, amount, quantity, numeric
science, scientific, scientist, research, physics, chemistry, biology
molecule, compound, chemical, chemistry, reaction, substance, drug, material
protein, enzyme, amino acid, antibody, peptide, biochemistry
gene, dna, genome, genetic, mutation, rna, sequencing, hereditary, chromosome
cell, tissue, organism, bacteria, microscope, biological
star, planet, telescope, astronomy, space, sky, orbit, satellite, galaxy
earth, land, terrain, ground, soil, surface, landscape
satellite, aerial, remote sensing, orbit, from above, earth observation
map, location, place, address, coordinates, geographic, position, gps, where
city, town, urban, municipality, village, street, neighbourhood
country, nation, state, region, border, land
road, street, highway, traffic, route, motorway
car, vehicle, automobile, truck, van, driver, automotive, motor
ship, boat, vessel, port, sea, marine, maritime, harbour
train, railway, rail, station, transit, subway, bus
hotel, accommodation, room, stay, lodging, hostel
restaurant, cafe, diner, eatery, bar, table
weather, rain, temperature, climate, storm, wind, meteorology, snow, sunny, rainfall
flood, disaster, earthquake, wildfire, hurricane, emergency, fire, catastrophe
pollution, air quality, contamination, smog, environment, toxic, waste
waste, garbage, recycling, trash, rubbish, litter
carbon, co2, emissions, greenhouse, footprint, climate, sustainability
energy, electricity, power, electric, grid, kilowatt, voltage
solar, wind, renewable, photovoltaic, turbine, sun
battery, charge, charging, electric vehicle, accumulator
water, irrigation, river, sea, ocean, liquid, lake
fuel, oil, gas, petrol, diesel
money, cash, finance, financial, dollars, funds, bank, capital, currency
bank, banking, account, branch, deposit
stock, share, equity, securities, market, ticker, shares
portfolio, allocation, assets, holdings, funds, diversification
tax, taxes, vat, levy, duty, deduction, irs, taxation
invoice, bill, receipt, billing, payable, purchase
salary, wage, payroll, pay, compensation, earnings
budget, spending, expenses, savings, cash flow, finances
accounting, bookkeeping, ledger, accounts, books, accountant, reconcile, audit
pension, retirement, old age, savings
business, company, firm, enterprise, corporation, organisation, commercial, startup
boss, manager, management, executive, leader, director, supervisor
customer, client, consumer, buyer, user, shopper, patron, subscriber
review, rating, feedback, comment, testimonial, opinion, evaluation
product, goods, item, merchandise, article, commodity
shop, store, retail, e-commerce, marketplace, supermarket, online shop
supplier, vendor, provider, contractor, manufacturer, source
stock, inventory, warehouse, supplies, storage, shelf, replenish
order, purchase, booking, request
project, task, milestone, plan, deadline, assignment, work
team, group, staff, colleagues, crew, department
job, career, work, employment, occupation, profession, position, role
resume, cv, curriculum vitae, application, cover letter, candidate
meeting, minutes, agenda, call, conference, session
calendar, schedule, date, appointment, agenda, timetable, diary
shift, roster, rota, schedule, timetable, working hours
strategy, plan, roadmap, tactics, approach
competitor, rival, competition, opponent, market
law, legal, legislation, statute, act, lawyer, attorney, court, judicial, jurist
contract, agreement, clause, terms, lease, deed, obligation
patent, invention, prior art, trademark, copyright, intellectual property
rule, policy, regulation, guideline, standard, requirement
government, authority, state, administration, ministry, municipal, council, agency
politics, political, election, vote, party, parliament, policy
immigration, visa, passport, migrant, residency, citizenship, asylum
police, crime, criminal, forensic, investigation, law enforcement
military, army, defence, war, soldier
doctor, physician, medical, clinician, clinic, medicine, hospital, surgeon
patient, sick, ill, illness, disease, medical, condition, ailment
symptom, diagnosis, disease, illness, disorder, fever, pain, complaint
drug, medicine, medication, pill, prescription, pharmaceutical, dose, tablet
x-ray, scan, mri, radiology, ct, tumour, imaging, ultrasound
tumour, cancer, lesion, malignant, oncology
heart, blood, cardiac, ecg, pulse, pressure, cardiovascular
skin, dermatology, rash, mole, acne
tooth, dental, dentist, teeth
brain, mental, psychology, mind, psychological, neurology, cognitive
stress, anxiety, depression, mental health, worry, burnout, emotional
body, muscle, physical, posture, pose, limb
diet, nutrition, calories, weight, meal, healthy eating, vitamins
health, healthy, wellness, medical, wellbeing
food, dish, meal, ingredient, cooking, recipe, cuisine, groceries
sport, football, soccer, athlete, team, match, player, league, basketball, tennis
game, chess, puzzle, board game, gaming, play, player
quiz, trivia, riddle, puzzle, crossword
fashion, clothes, outfit, dress, style, garment, wardrobe, shoes
beauty, makeup, cosmetic, hair, hairstyle
art, artist, painting, museum, gallery, sculpture, artistic
history, historical, past, ancient, archive, heritage, century
religion, church, faith, spiritual, bible, prayer
philosophy, ethics, moral, values, ethical
person, people, human, individual, somebody, man, woman
face, facial, portrait, selfie, head, biometric
elderly, senior, old people, aged, grandparents
disabled, blind, deaf, accessibility, impaired, disability, visually impaired
friend, relationship, dating, partner, love, couple, romantic
event, party, wedding, concert, conference, festival, celebration
gift, present, birthday, christmas, surprise
idea, concept, suggestion, thought, notion, inspiration
question, query, problem, faq, inquiry
goal, target, objective, aim, purpose
step, instruction, procedure, process, stage, how to, manual
manual, guide, handbook, instructions, documentation, tutorial, user guide
skill, ability, expertise, competence, know-how
time, hour, date, day, duration, timing, when
month, week, year, quarter, season, annual, seasonal
trend, pattern, development, tendency, direction
error, mistake, typo, slip, inaccuracy, misspelling
grammar, spelling, punctuation, syntax, orthography
duplicate, copy, repeated, double, redundant, identical, same
difference, change, delta, variation, discrepancy
image generation, text to image, illustration, artwork
3d, three-dimensional, mesh, rendering, render, cad, blender
scene, setting, environment, background, stage
background, backdrop, behind, surroundings
colour, paint, hue, palette, shade, tint
shape, form, geometry, outline, contour
size, dimension, measurement, length, width, height
material, fabric, metal, wood, steel, plastic
bridge, beam, structural, load, civil engineering, concrete
heat, thermal, temperature, heating, cooling, hvac, warm
air, flow, aerodynamics, ventilation, fluid, wind
package, parcel, box, container, packaging
customs, tariff, import, export, border, duties
emergency, rescue, first aid, ambulance, urgent
queue, line, waiting, backlog
ticket, issue, case, request, support
community, forum, members, social, group
social media, twitter, facebook, instagram, tiktok, post, hashtag, influencer, followers
advert, ad, campaign, slogan, commercial, promotion, banner
search engine, seo, google, ranking, keywords, visibility
lead, prospect, sales, pipeline, crm, outreach
charity, nonprofit, donation, fundraising, volunteer, grant, donor
grant, funding, proposal, subsidy, bid, tender
speech, address, toast, oration, talk
joke, humour, comedy, funny, pun, satire
character, persona, protagonist, role, figure
dream, horoscope, astrology, tarot, zodiac
handwriting, handwritten, cursive, manuscript, scribble, script
scan, scanned, digitise, ocr, paper, photocopy
barcode, qr, code, label, tag
formula, equation, expression, function, spreadsheet formula
pixel, resolution, blurry, sharp, upscale, grainy
camera, cctv, surveillance, footage, webcam, lens
microphone, speaker, headset, recording
bird, birdsong, ornithology, wildlife, nature
insect, pest, bug, bee, mosquito
forest, tree, wood, deforestation, timber
mountain, hiking, trail, outdoor, camping, climbing
beach, coast, island, sea
bicycle, bike, cycling, cyclist
music theory, chord, harmony, notes, score, sheet music
instrument, guitar, piano, violin, drum
theatre, play, drama, stage, screenplay, script
movie, film, series, cinema, show, watch, television
podcast, radio, episode, broadcast, show, interview
interview, conversation, questions, talk, candidate
survey, questionnaire, poll, respondents, responses
population, census, demographic, people, society
wine, beer, cocktail, drink, pairing, sommelier
allergy, intolerance, gluten, vegan, vegetarian, dietary
pregnancy, baby, birth, midwife, maternity
vaccine, immunisation, infection, epidemic, virus, outbreak
astronaut, rocket, spacecraft, launch, space
nuclear, radiation, reactor, atomic
quantum, qubit, superposition, quantum computer
`;
