/**
 * Words with which people ask for a kind of work, by kind: a buyer speaks of the problem, a seller
 * of the method. See `action-words.ts`.
 *
 * @module
 */

/** One kind of work a line; an indented line goes on. */
export const REQUEST_WORDS = `
sentiment, opinion, tone, mood, attitude, polarity, emotion, pleased, annoyed, furious, delighted,
  disappointed, grumpy, cheerful, love or hate, what people think, feeling
summary, condense, gist, nutshell, short version, half a page, few sentences, skim, no time to
  read, boil down, essence, overview, abstract, bullet points, shorter
translate, language, foreign, render, speak, understand, abroad, native, translation, bilingual,
  localise, language pair
spelling, grammar, correct, typo, mistake, error, comma, orthography, native, proofread, clean up
  my text, correction
tone, polite, formal, friendly, blunt, soften, warmer, rephrase, harsh, style, diplomatic, softer,
  register, professional, rude
plain, simple, easy, understand, layperson, jargon, children, grandma, everyday, explain,
  simplify, comprehensible, bureaucratic, officialese
headline, title, caption, catchy, newspaper, clickbait, heading
keyword, tags, terms, main words, phrase extraction, index
entity, names, person, company, place, date, extract, mention, who, where
relation, knowledge graph, who works where, connect facts, triples, ontology, link
coreference, pronoun, he, refer, antecedent
spam, junk, unwanted, filter, nigerian prince, bulk
question generation, quiz, ask about the text, exam questions, comprehension
fact checking, claim, true, really, evidence, source, verify, politician said, false, rumour,
  debunk, supported
plagiarism, copied, written by, machine-written, chatgpt, cheated, original, stolen, detector
language identification, which language, unknown language, what language, script, mixed, recognise
text embedding, vector, compare texts, numeric, similarity, dimension, semantic, nearest, cosine
anonymise, names, personal, hide, remove, addresses, publish, witness, redact, redaction, pii,
  private, black, phone numbers, release, sensitive
intent, wants, means, chatbot, understand, book, cancel, action, slot, hope, wish, utterance, user
topic, subject, about, sort, sections, categories, articles, tag, label, stories, pile, folders
moderation, nasty, insults, hateful, forum, comments, threats, bully, remove posts, nudity, toxic,
  children safe
minutes, meeting, decided, agreed, call, discussed, action, promised, recording, attendees, todo
poem, rhyme, verse, ode, lines, romantic, anniversary, lyrical, couplet
story, tale, bedtime, once upon a time, dragon, hero, fiction, invent, chapter, children
speech, wedding, funeral, toast, words, audience, say a few words, birthday
write, letter, formal, landlord, authority, complain, application, polite, terminate, notice
transcription, what was said, spoken, recording, type up, interview, words, tape, dictaphone,
  text, audio, verbatim
speech synthesis, read out, aloud, voice, listen, speak, narrate, hear, audio version, blind
noise reduction, hiss, hum, background, clean, wind, traffic, recording, clear, street noise,
  audible, rumble
source separation, isolate, vocals, karaoke, instruments, stems, remove the singer, tracks
music generation, tune, melody, compose, background, jingle, song, cheerful, sad, relaxing, piece,
  mood, instrumental, score, film music
music transcription, notes, played, sheet, score, chords, by ear, write down, hummed, piano, midi
sound classification, hear, noise, strange sound, which bird, engine, alarm, what is this sound
image generation, picture, draw, illustration, of a, poster, cover, imagine, artwork, cartoon,
  portrait, scene, wallpaper
image captioning, describe, alt text, blind, what is on, caption, accessible, in words, screen
  reader
image classification, what is, which, recognise, identify, species, breed, mushroom, kind, plant
object removal, erase, tourist, remove, passer-by, wire, unwanted, inpainting, retouch, clone,
  photobomb, disappear, watermark
background removal, cut out, white, transparent, product, listing, shop, isolate, backdrop, clean,
  subject
super-resolution, enlarge, bigger, blurry, small, sharp, upscale, resolution, thumbnail, print,
  poster, detail, pixelated
colourise, black and white, colour, old, grandparents, restore, scratches, faded, tint
face, portrait, blur, identity, recognise, same person, passport, lookalike
segmentation, outline, pixels, mask, region, boundary, separate, area
object detection, how many, count, find, locate, cars, people, where, box, spot
printed text, read, scan, photo, page, book, typed, paper, searchable, ocr, old book
handwriting, read, letter, diary, grandmother, ancestor, old, notes, script, illegible, scrawl,
  cursive, decipher, doctor
receipt, expense, amount, shop, till, total, reimbursement, trip, vat, claim, merchant
video editing, cut, shorten, highlights, holiday, clip, music, montage, best moments, join
video generation, clip, animate, film, from text, advert, short, scene, seconds, moving
subtitles, deaf, captions, foreign, on screen, what is said, film, timed, lines
video summary, lecture, long video, moments, chapters, what happens, watch, skip
pose, gesture, movement, body, posture, dance, golf swing, gait, sign language
code generation, write, program, implement, function, developer, script, app, build me, tool,
  library, module, feature
app, phone, iphone, android, mobile, screen, widget, app store, tablet, watch
website, homepage, page, web, frontend, shop, form, landing, responsive
smart contract, ethereum, token, solidity, escrow, chain, blockchain, reentrancy, audit, nft, dao
migration, old, legacy, upgrade, version, move, port, outdated, end of life, modernise, convert,
  rewrite, off, deprecated, python 2
refactoring, messy, tidy, readable, clean, huge function, structure, spaghetti, thousand lines,
  split, untangle, cleaner
code review, look over, second pair of eyes, pull request, feedback, before merging, quality,
  critique, change
debugging, bug, why, crash, fails, broken, wrong result, fix, error, intermittent, trace, culprit
tests, automated, checks, coverage, verify, cases, regression, safety net, nothing is tested,
  pytest
documentation, comments, explain, readme, reference, docstring, undocumented, nobody understands,
  describe functions
performance, slow, faster, speed, bottleneck, takes hours, profile, hot, memory, efficient,
  sluggish, cpu time
database tuning, slow query, index, plan, speed, statements, seconds, sluggish, lock, vacuum,
  explain, table scan
text to sql, ask the database, plain english, question, query, report, without knowing sql, tables
regex, match, pattern, validate, phone numbers, extract, string, find and replace
api, connect, integrate, systems, exchange, endpoint, interface, talk to each other
fuzzing, random input, crash, robustness, malformed, edge case, mutate
kubernetes, cluster, pods, restart, scaling, containers, deployment, manifests, nodes, crash loop,
  yaml
monitoring, watch, alert, down, notify, wake me, uptime, dashboards, servers, threshold, night,
  goes wrong
incident, outage, down, root cause, what happened, postmortem, logs, emergency, production
cloud cost, bill, expensive, aws, save, unused, idle, spend, waste, reserved
deployment, release, ship, pipeline, automatic, rollback, version, build, publish
backup, lost, restore, copy, disaster, deleted, recover, accidentally
penetration testing, break in, hack, attack, weakness, holes, hackers, secure, before criminals,
  intruders, website, ethical hacker
malware, virus, file, suspicious, attachment, safe to open, infected, harmful, program does,
  dangerous, download
phishing, mail, fake, bank, link, trick, genuine, click, fraud, scam, suspicious, pretending
log analysis, intrusion, who logged in, strange access, attackers, network, traffic, traces,
  breach
password, strong, crack, leaked, hash, guess, login, reuse
scraping, collect, website, prices, every day, gather, pages, listings, crawl, harvest, extract,
  sites, automatically
record linkage, same person, duplicates, merge, match, twice, customers, spelled differently,
  databases, two lists, identical
data cleaning, messy, missing, wrong, typos, fix, table, spreadsheet, inconsistent, unify, tidy
synthetic data, fake, realistic, artificial, test, privacy, invented, made-up, demo, look real,
  without real
forecasting, how many, next, future, expect, predict, sales, month, season, trend, will we sell,
  demand, christmas
visualisation, chart, picture, show, figures, graph, colourful, dashboard, trend, present, plot,
  nice, map
anomaly, strange, suddenly, unusual, outlier, odd, wrong, spike, notice, differ, stands out
statistics, significant, chance, difference, sample, better than, test, survey, coincidence,
  groups, effect
clustering, group, similar, segment, types of customers, natural groups
recommendation, like, next, suggest, taste, watch, read, buy, also, prefer
machine learning, train, model, learn, predict, own data, examples, gpu, fine-tune, classifier
labelling, annotate, mark, examples, training, by hand, humans, thousands of pictures
schema mapping, columns, match fields, different formats, harmonise, align, map
bookkeeping, receipts, accounts, books, expenses, ledger, shoebox, month, accountant, entries,
  post, business
credit scoring, lend, loan, pay back, borrower, trust, applicant, reliable, default, money, repay,
  creditworthy
valuation, worth, company, buy, sell, price, cash flow, fair, business, owner, sale, multiples
fraud, stolen, suspicious, card, fake, transactions, cheat, orders, unusual payment, criminal
portfolio, savings, invest, spread, mix, shares, bonds, safe, pension, money, return, weights
risk, lose, worst, crash, drop, exposure, safe, stress, bad day, losses
tax, return, declare, deduct, owe, refund, office, form, freelancer, salary, cross-border
invoice, bill, pay, due, check, match, extract, supplier, amount, overdue
earnings, annual report, figures, profit, quarter, listed, company numbers, read a report
trading, buy, sell, signal, strategy, market, backtest, stock, profit, algorithm
case law, judgment, court, decided, precedent, similar case, ruled, judges, tenant, compensation
gdpr, privacy, personal data, customers, cookie, allowed, consent, compliant, data protection,
  store, website, european
prior art, invention, patent, already, exists, invented, new, before we file, similar, idea, novel
contract, sign, clause, risky, lease, agreement, small print, check, before, unfair, terms,
  obligations
drafting, write a contract, agreement, template, clause, terms, nda, will, legal document
chest x-ray, lungs, picture, radiologist, shadow, pneumonia, tuberculosis, image, ribs, findings
drug interactions, pills, together, take, safe, medicine, mix, tablets, prescribed, alcohol,
  grandmother, combine, dose
ecg, heartbeat, heart, rhythm, strip, irregular, arrhythmia, leads, cardiac, fibrillation,
  electrocardiogram
diagnosis, symptoms, what do I have, ill, doctor, see a doctor, urgent, fever, hurts
clinical coding, icd, diagnosis codes, billing, hospital, insurer, discharge, letter
clinical trials, study, patients, eligible, recruit, match, cancer, treatment
skin, mole, rash, spot, photo, doctor, dangerous, cancer
meal plan, eat, diet, healthy, lose weight, week, calories, vegan, allergic
workout, fit, exercise, train, marathon, weeks, plan, muscles, beginner
variant calling, mutations, dna, genome, differences, reads, sequencing, sample, inherited, exome,
  patient
sequence alignment, genes, compare, related, dna, protein, similar, homologous, organisms,
  evolution
protein structure, fold, shape, three-dimensional, enzyme, sequence, predict
gene expression, rna, cells, tissue, differential, single cell, upregulated
species, plant, animal, insect, mushroom, identify, which, bird, found, photo
property prediction, molecule, soluble, toxic, compound, estimate, boiling, logp, safe, chemical
retrosynthesis, make, molecule, route, steps, precursors, synthesise, starting materials,
  synthesis
stoichiometry, grams, moles, react, how much, equation, balance, reagent, yield, mass, litres,
  gas, burn
spectra, nmr, mass spectrometry, infrared, peaks, unknown substance, identify
graph, network, shortest, connections, friends, influential, path, nodes, communities, bridges,
  hubs, flow
symbolic algebra, equation, solve, formula, integral, derivative, simplify, exact, expression, by
  hand, calculus, factor, closed
theorem, prove, proof, true, mathematically, formal, check, rigorous, convince, computer-verified,
  statement, logic
linear programming, best, minimise, cost, constraints, optimal, maximum, limits, capacity, mix,
  allocation
statistics problem, probability, odds, expected, simulate, random, dice
differential equation, numerical, simulate, physics, motion, growth, ode, pde
geocoding, address, coordinates, map, where, latitude, pins, list of addresses, place, location,
  street
weather, rain, tomorrow, umbrella, sunny, wedding outdoors, temperature, forecast, storm, weekend,
  dry, barbecue, picnic
route, drive, deliveries, shortest, stops, order, van, fuel, drivers, fastest, tour, visit
satellite, fields, from above, forest, change, burned, growth, images, land, crops
elevation, height, slope, hill, steep, profile, mountain, terrain
container loading, pack, boxes, fit, space, truck, pallets, stack, load, volume, lorry, arrange,
  suitcase
inventory, run out, stock, order more, shelf, how much to keep, warehouse, reorder, too much,
  safety stock, suppliers
customs, border, duty, tariff, import, declaration, code, abroad, goods, parcel
scheduling, shifts, roster, timetable, who works when, nurses, staff, plan, fair, weekend
enterprise search, where is, find, our files, documents, company, internal, slack, wiki, intranet,
  colleague, lost document, drives
literature search, papers, studies, research, published, evidence, science, what is known,
  articles, journal, peer-reviewed, effect
web search, internet, look up, online, find out, current, google, latest, who won, today, up to
  date
product search, cheapest, buy, compare, shop, offers, deal, price
people search, expert, who knows, find a person, contact, specialist
ad copy, advert, slogan, words, sell, catchy, product, campaign, google ads, click, punchy, lines
seo, google, found, ranking, first page, visitors, search, keywords, nobody finds, website, higher
social media, post, instagram, tweet, followers, weekly, hashtags, share, linkedin, plan
newsletter, email, subscribers, monthly, readers, customers, open rate
market research, customers want, survey, competitors, demand, trend, opinion, consumers
customer segmentation, groups, buyers, types, target, loyal, behaviour
churn, leave, cancel, keep, customers, lose, retention, likely
slides, talk, presentation, deck, powerpoint, investors, board, pitch, conference, bullet
logo, brand, symbol, startup, design, emblem, shop sign, identity
user interface, screens, app, buttons, confusing, layout, mockup, usable, redesign
cad, part, model, drawing, bracket, 3d, print, dimensions, screw, housing, hinge, design, mount,
  holder
floor plan, rooms, house, layout, furniture, kitchen, arrange, apartment
plc, machine, conveyor, controller, factory, program, ladder, automation, valve, sensor, line,
  motor
path planning, robot, avoid, obstacles, move, collision, route, arm, warehouse
grasping, pick, objects, gripper, robot, bin, hold, grip
npc, character, game, dialogue, villager, talk, player, innkeeper, shopkeeper, fantasy, lines,
  quest, speak
level design, map, dungeon, game, player, difficulty, puzzle, stage
chess, move, game, position, analyse, opening, play, mate, blunder
essay grading, mark, essays, students, feedback, teacher, score, class, pile, rubric, homework,
  grade
mathematics tutoring, explain, fractions, child, homework, maths, daughter, son, exam, equation,
  step by step, understand, algebra
lesson, plan, class, teach, pupils, hour, activities, material
language practice, speak, learn, conversation, correct me, beginner, pronunciation, spanish
complaint, reply, customer, angry, upset, sorry, apologise, refund, guest, response, bad review,
  answer, calm, compensate
ticket routing, support, right team, incoming, department, sort, assign, requests, inbox
faq bot, answer, customers, same questions, chat, website, automatically, around the clock
crm, customers, deals, contacts, account, sales, opportunity, client history, leads, pipeline
stock quotes, price, share, listed, exchange, today, ticker, trading at, closing, real time,
  history
sms, text, phone, mobile, code, message, number, notify, verify, alert, one-time
air quality, breathe, smog, pollution, particles, city, asthma, outside, healthy, dust, ozone
ethereum, blockchain, balance, wallet, contract, past block, chain, transaction, token, history,
  state
court records, judgments, filings, docket, register
patents, filings, inventors, office, applications, claims
flight data, plane, landed, delay, airport, arrivals, airborne
ship positions, vessel, port, sea, tanker, container, where is, arrive
electricity prices, spot, power market, hourly, cheap hours, exchange
traffic, jam, road, congestion, travel time, closures, accident
calendar, appointment, free, meeting, invite, schedule, busy
mailbox, email, send, inbox, read, reply, messages, newsletter
headless browser, website, click, form, screenshot, page, javascript, login, render,
  automatically, fill in, print page
3d rendering, scene, animation, film, frames, photorealistic, model, product, blender, ray,
  overnight
statistical computing, r script, mixed model, survival analysis, ggplot, package, script,
  bioconductor
deep learning, train, neural, network, model, gpu, weights, torch, checkpoint
relational, database, server, temporary, experiments, sql, tables, postgres, throwaway, spatial,
  scratchpad
typesetting, thesis, paper, formulas, bibliography, template, pdf, compile, journal
transcoding, video, convert, format, smaller, play, compress, mp4, sound, extract audio
untrusted code, run, safely, isolated, sandbox, stranger, script, without risk
large memory, ram, terabyte, huge, in memory, graph, load, big dataset, fit, single machine, index
many cores, parallel, compile, processor, simulate, threads, cpu, build, brute force, batch
graphics card, train, gpu, render, model, rent, hours, vram, fast, large language model, fine-tune
fpga, hardware, low latency, bitstream, reconfigurable, accelerate, custom logic, packet,
  microseconds, gates, circuit
storage, keep, archive, terabytes, files, backup, years, cheap, disk, copies
bandwidth, upload, download, fast line, serve, stream, gigabit, mirror, traffic
building codes, stairs, fire, escape, regulation, school, exit, allowed, house, extension,
  wheelchair, minimum, height, staircase, doors
crop pests, beetle, leaves, spray, eaten, plants, field, harvest, aphids, fungus, spots, treat,
  insects, tomatoes, larvae
aviation maintenance, aircraft, inspection, engine, hours, mechanic, airworthy, plane, interval,
  landing gear, grounded
roman empire, emperor, caesar, legion, ancient, rome, gladiator, consul, province, latin,
  augustus, battle, senate
medieval history, knight, castle, king, crusade, monastery, plague, viking
world war, battle, 1914, 1945, front, nazi, soldier, treaty, allied
tax law, deduct, vat, rate, abroad, cross-border, treaty, company, double, resident
pharmacology, drug, mechanism, dose, receptor, side effect, metabolism, half-life
wine, grape, region, vintage, pair, dish, bottle, cellar, bordeaux
cooking, ingredient, substitute, recipe, dish, bake, spice, cuisine, how long to cook, roast,
  without eggs
football, goal, season, transfer, world cup, team, scored, champion, match
geology, rock, mineral, fossil, layer, volcano, earthquake, stone
linguistics, dialect, origin of a word, etymology, grammar, phoneme, extinct
music history, composer, opera, symphony, century, baroque, mozart
car repair, engine, noise, brakes, warning light, mechanic, starts, oil, gearbox
immigration rules, visa, permit, stay, work abroad, citizen, family, documents, passport
a2a, agent, other agents, protocol, card, delegate, task, interoperate, hand over
mcp, tools, model, assistant, claude, connect, context, plug in, server, language model client
mqtt, sensors, devices, publish, broker, iot, telemetry, lightweight, meters, greenhouse,
  subscribe
websocket, live, push, without polling, real time, stream, browser, instantly, connection open,
  updates, two-way
grpc, typed, binary, service, stream, stubs, microservice, fast calls
graphql, fields, one request, query, nested, frontend
opc ua, factory, machine, plc, industrial, shop floor, sensors, values
email protocol, smtp, send, imap, mailbox, deliver
file transfer, sftp, upload, nightly, drop, bank, partner
oauth, login, account, permission, third party, token, sign in
`;
