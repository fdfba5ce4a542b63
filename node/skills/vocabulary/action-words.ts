/**
 * Groups of English words for what is done, and how: whoever says one may mean another. They bring
 * texts together that share no word; a word may stand in several groups. Written for requests of
 * work, not a dictionary.
 *
 * @module
 */

/** One group a line; an indented line goes on. */
export const ACTION_WORDS = `
fix, repair, mend, correct, patch, remedy, rectify, troubleshoot, resolve, restore, solve
make, create, produce, generate, build, construct, craft, form, develop, prepare, compose
write, author, draft, compose, pen, word, formulate, phrase, put down
read, parse, scan, go through, look through, decipher, digest
find, locate, search, seek, discover, look for, hunt, track down, spot, pinpoint, identify, detect
detect, notice, recognise, spot, identify, catch, sense, uncover, reveal, flag, tell
check, verify, validate, inspect, examine, test, audit, review, scrutinise, vet, confirm, proof,
  control
compare, contrast, match, versus, difference, against, side by side, benchmark
choose, select, pick, decide, prefer, shortlist, best choice, which one
suggest, recommend, advise, propose, advice, tips, guidance, recommendation, hints
explain, clarify, describe, interpret, make sense, elucidate, understand, illustrate, why, meaning
teach, instruct, educate, train, coach, tutor, school, lecture, lesson
learn, study, practise, revise, master, memorise, understand, pick up
help, assist, support, aid, guide, accompany, hand
answer, reply, respond, response, react, question
ask, question, query, inquire, inquiry, request
predict, forecast, foresee, estimate, project, anticipate, expect, outlook, prognosis, future,
  ahead, upcoming
estimate, assess, evaluate, judge, appraise, gauge, rate, value, measure, quantify, size up
measure, gauge, quantify, metric, reading, meter, survey
count, tally, number, how many, enumerate, total, amount, quantity
calculate, compute, work out, figure, reckon, determine, derive, arithmetic
plan, schedule, arrange, organise, outline, lay out, set up, agenda, programme, prepare
organise, sort, order, arrange, group, categorise, classify, file, structure, tidy, rank
classify, categorise, label, tag, assign, sort, class, category, type, kind
rank, prioritise, order, urgent, importance, priority, most important, first
group, cluster, segment, bundle, batch, cohort, similar, alike
split, divide, separate, cut, break, partition, chop, segment, share
join, merge, combine, connect, link, integrate, unite, fuse, blend, attach, stitch
remove, delete, erase, strip, eliminate, drop, take out, get rid, clear, exclude, without
hide, mask, conceal, redact, obscure, anonymise, blur, black out, cover
add, insert, append, attach, include, supplement, put in
change, modify, alter, adapt, edit, adjust, amend, revise, update, tweak, customise, tailor
improve, enhance, better, optimise, refine, polish, upgrade, boost, perfect, tune, sharpen
reduce, lower, cut, decrease, minimise, shrink, save, less, cheaper, lessen, fewer
increase, raise, grow, boost, expand, maximise, more, rise, gain, higher
speed, fast, quick, rapid, accelerate, performance, slow, latency, swift, sluggish
shorten, condense, compress, summarise, abridge, brief, concise, short, compact, trim
convert, transform, turn into, translate, change into, port, migrate, export, transcode
translate, render, interpret, language, localise, bilingual
transcribe, write down, dictate, note down, put on paper, minutes
speak, talk, say, utter, voice, spoken, oral, speech, aloud, vocal
listen, hear, audio, sound, ear, audible
see, look, watch, view, visual, eye, sight, observe
watch, monitor, observe, track, follow, supervise, keep an eye, surveil, oversee, survey
warn, alert, notify, alarm, remind, notification, warning, caution, reminder, tell me when
protect, secure, guard, defend, safe, shield, safety, security, prevent, harden
attack, hack, exploit, breach, intrusion, intruder, hacker, attacker, malicious, threat,
  adversary, break in
steal, theft, stolen, rob, thief, burglary, leak, pirated
cheat, deceive, fraud, scam, fake, swindle, trick, dishonest, forged, counterfeit, bogus, phony,
  mislead
fail, failure, break, breakdown, malfunction, crash, outage, fault, error, wrong, defect, bug,
  broken, problem, trouble, issue
risk, danger, hazard, exposure, peril, threat, chance of loss, unsafe, uncertain
lose, loss, losses, downside, missing, lost, drop
gain, profit, earn, earnings, return, income, revenue, yield, proceeds
buy, purchase, acquire, shop, order, procure, shopper, buyer, customer, consumer
sell, sale, sales, vend, market, seller, merchant, vendor, retail, shop
pay, payment, settle, charge, bill, remit, transfer, transaction, checkout
spend, spending, expense, cost, expenditure, outlay, outgoings, budget
cost, price, fee, rate, charge, tariff, quote, pricing, cheap, expensive, afford
bargain, negotiate, haggle, deal, discount, offer, cheapest, terms
lend, loan, borrow, credit, mortgage, debt, lender, borrower, repay, owe
invest, investment, investor, asset, portfolio, fund, stock, share, equity, securities, bond,
  savings
trade, exchange, swap, market, broker, trader
insure, insurance, insurer, policy, cover, coverage, claim, premium, compensation
hire, recruit, employ, staff, applicant, candidate, job, vacancy, employer, employee, worker
apply, application, applicant, submit, enrol, register, sign up
book, reserve, reservation, booking, ticket, appointment, table
meet, meeting, conference, appointment, gathering, call, session, discussion
send, deliver, dispatch, transmit, ship, forward, mail, post
deliver, delivery, ship, courier, parcel, package, freight, cargo, shipment, transport, haul
travel, trip, journey, tour, visit, voyage, vacation, holiday, tourist, traveller, itinerary
drive, driver, driving, car, vehicle, road, traffic, steer
fly, flight, plane, aircraft, airline, airport, aviation, pilot
navigate, route, path, way, direction, directions, course, road
move, transfer, relocate, shift, migrate, motion, movement
store, keep, save, stock, hold, retain, archive, storage, warehouse
copy, duplicate, replicate, clone, reproduce, imitate, mirror
gather, collect, harvest, compile, assemble, fetch, scrape, pull, retrieve, crawl, get
extract, pull out, take out, lift, retrieve, obtain, capture, draw from
enter, type, key in, fill in, input, record
draw, sketch, illustrate, paint, depict, drawing, picture, illustration, artwork, art
design, style, shape, layout, look, appearance, concept, designer
print, printing, printer, press, publish
show, display, present, chart, plot, graph, visualise, visualisation, illustrate, diagram,
  dashboard
publish, post, release, announce, issue, put online
promote, advertise, market, publicise, marketing, advertisement, campaign, publicity, ad, advert
persuade, convince, attract, appeal, engage, entice, catchy
feel, feeling, emotion, mood, sentiment, attitude, opinion, tone, happy, sad, angry, pleased,
  upset
like, love, enjoy, prefer, favourite, taste, liking, fond
complain, complaint, grumble, dissatisfied, unhappy, criticism, grievance, gripe, criticise
praise, compliment, positive, favourable, commend, satisfied
insult, abuse, offend, hate, toxic, harass, bully, vulgar, offensive, rude, swear
discuss, debate, converse, chat, talk, dialogue, conversation, argue
agree, agreement, contract, deal, accord, treaty, terms, settlement
sign, signature, seal, autograph
sue, lawsuit, litigation, court, trial, judge, case, claim, dispute, prosecute
obey, comply, compliance, rule, regulation, conform, law, requirement, legal, adhere, standard,
  mandate
own, owner, belong, possess, property, ownership, proprietor
cook, bake, roast, fry, recipe, dish, meal, cuisine, kitchen, culinary, chef
eat, food, meal, diet, dine, dinner, lunch, breakfast, nutrition, snack, eating
drink, beverage, wine, beer, cocktail, coffee, tea, bottle
sleep, rest, bed, night, insomnia, nap
exercise, workout, train, fitness, gym, athletic, run, jog, sport
heal, cure, treat, treatment, therapy, remedy, medicine, care, recover
play, game, player, gaming, match, fun
win, beat, victory, champion, opponent, compete, rival, competitor, competition
entertain, amuse, funny, humour, joke, fun, comedy, entertainment
sing, song, music, melody, tune, singer, musical, vocal, lyrics
rhyme, poem, verse, poetry, stanza, poet
tell, narrate, story, tale, narrative, storytelling, fiction, novel
imagine, idea, brainstorm, creative, inspiration, concept, invent, creativity, think up, come up
think, reason, reasoning, logic, thought, infer, deduce
prove, proof, theorem, formal, lemma, evidence
simulate, simulation, model, mimic, emulate, virtual, scenario, what if
experiment, trial, laboratory, lab, test, study, scientific
program, code, script, software, coding, programming, developer, implement, programmer
run, execute, launch, start, operate, perform, carry out, host
install, set up, deploy, configure, provision, rollout, setup, configuration
automate, automatic, automation, hands-free, workflow, without people, robotic
log, record, journal, register, entry, history, logbook
clean, tidy, wash, scrub, cleanse, neat, purify, messy
cut, trim, crop, clip, slice, shorten
fit, suit, match, suitable, appropriate, compatible
guess, likely, probability, chance, odds, probable, likelihood
happen, event, occur, occurrence, incident, take place
grow, cultivate, plant, farm, raise, growth, sow
dig, mine, drill, extract, excavation
wear, clothes, outfit, dress, clothing, garment, fashion, apparel
marry, wedding, bride, marriage, engagement, groom
die, death, funeral, mortality, deceased, obituary
celebrate, party, birthday, anniversary, festive, celebration
give, gift, present, donate, donation, charity
share, distribute, hand out, allocate, spread, divide, assign
wait, queue, delay, late, overdue, postponed
cancel, withdraw, end, quit, terminate, leave, churn, unsubscribe
rent, lease, tenant, landlord, let, rental, hire
inherit, ancestor, ancestry, family tree, genealogy, heritage, forebears
unusual, strange, odd, abnormal, anomaly, outlier, weird, irregular, rare, suspicious, deviate,
  exceptional, unexpected
similar, alike, same, resemble, related, close, near, comparable
new, novel, fresh, recent, latest, original, modern, current
old, ancient, legacy, outdated, historic, past, vintage, former
big, large, huge, massive, great, long, bulky, giant
small, little, tiny, compact, mini, minor
easy, simple, plain, basic, straightforward, beginner, understandable, everyday
hard, difficult, complex, complicated, tough, advanced, technical
good, quality, excellent, fine, best, great, well
bad, poor, wrong, faulty, harmful, negative, worst
true, fact, truth, accurate, correct, real, genuine, authentic, factual
false, untrue, misinformation, rumour, lie, hoax, myth, wrong, fabricated
private, personal, confidential, sensitive, secret, privacy, identity
public, open, civic, government, state, official
important, key, main, essential, crucial, central, vital, significant, major
clear, plain, readable, legible, understandable, lucid
cheap, inexpensive, affordable, budget, low-cost, economical, discount
urgent, emergency, critical, immediate, pressing, acute
local, nearby, neighbourhood, near, around, close
foreign, abroad, international, overseas, global, worldwide
daily, every day, regular, routine, periodic, weekly, recurring
`;
