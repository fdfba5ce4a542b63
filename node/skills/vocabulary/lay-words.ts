/**
 * Words of people who have the problem that a skill solves and do not know its name: a group per
 * concept of the vocabulary, but for those that have narrower ones. This file has texts, programs,
 * data and research; the other files named `lay-` have the rest. See `request-words.ts`.
 *
 * @module
 */

/** One concept of the vocabulary a line, its own words first; an indented line goes on. */
export const LAY_WORDS = `
sentiment analysis, polarity, opinion mining, grumble, moan, rave, rant, thrilled, fed up, praise,
  hate, love, gripe, unhappy, delight, guestbook, furious, annoyed, warmly, bitter, gushing,
  scathing, lukewarm, applause, boo, disgruntled
summarization, abstract, condensed, minutes to read, lengthy, endless, wade through, boil down,
  nutshell, gist, digest, recap, tldr, shorten, thick report, hundred pages, skim, long-winded,
  highlights, takeaway, essence, synopsis, brief me, cut down, lazy, thick
translation, translate, foreign language, german, spanish, polish, chinese, arabic, japanese,
  italian, turkish, abroad, immigrant, tourist, menu, grandmother, mother tongue, foreigner,
  bilingual, export, embassy, cannot read, overseas, penpal
text classification, categorise, category, sort into, pile, pigeonhole, bin, bucket, department,
  which folder, kind of letter, label, ticket queue, heap, topic, genre, assign, spam, sift,
  divide up, rubric, postbag
entity extraction, named entity, who is mentioned, names, surnames, firms, towns, places,
  pick out, people in the text, characters, cast, addresses, dates, mention, novel, archive,
  witnesses, organisations, diary, old letters, dossier, family tree
keyword extraction, keyphrase, index terms, tags, hashtag, buzzword, catchword, main words,
  topic words, back of the book, glossary, tagging, terms, headwords, gist words, subject heading,
  cloud, librarian, important words
question answering, reading comprehension, ask the manual, handbook, look up, answer from,
  where does it say, find the passage, enquiry, wondering, rulebook, house rules, leaflet, faq,
  documents answer, what does the policy say, encyclopedia, instructions, curious
semantic search, embedding, similar meaning, retrieve, related passages, vaguely remember,
  same gist, cannot recall wording, same idea, nearest, resemble, dig out, similar cases,
  notes archive, look alike text, not exact words, needle haystack, rummage, vaguely
proofreading, grammar, spelling, typo, comma, apostrophe, misspelt, punctuation,
  embarrassing mistakes, red pen, slip, thesis, dissertation, second pair of eyes,
  before printing, dyslexic, clumsy sentence, wrong word, manuscript, polish my text,
  native speaker, blunder, hyphen, capital letter, embarrassing
rewriting, paraphrase, reword, rephrase, other words, simpler, plain words, friendlier, formal,
  stiff, wooden, jargon, layman, officialese, legalese, blunt, polite, soften, tone down,
  dumb down, child can understand, gobbledygook, clearer, wordy, less rude
conversation, chat, dialogue, small talk, company, lonely, banter, talk to, pretend, role play,
  companion, gossip, persona, bored, keep me company, chatty, pen pal, buddy, listen, evening,
  imaginary friend, actor, imaginary
anonymization, pseudonymise, redact, black out, blacken, personal details, names removed, gdpr,
  privacy, recognisable, unrecognisable, identity, phone numbers, patients, hide who,
  data protection, confidential, publish, victims, interviewees, share safely, discreet
fact checking, claim, verify, hoax, rumour, conspiracy, fake news, lie, is it true, debunk, myth,
  politician, chain letter, statement, evidence, urban legend, misleading, uncle, forwarded,
  believe, fib, bogus, source, disinformation, doubtful, hearsay
content moderation, toxic, hate speech, insult, swear, abuse, troll, bully, harass, forum,
  comment section, offensive, racist, ban, nasty, vulgar, profanity, nude, kids safe, filter,
  threats, guestbook, flame, foul language, community rules
plagiarism detection, copied, cheat, stolen text, cribbed, copy paste, lifted, essay, thesis,
  student, homework, ghostwriter, originality, wikipedia, unattributed, own words, duplicate,
  rip off, pupils, coursework, suspiciously similar, professor, borrowed passages
language detection, identify language, which language, what tongue, unknown script, cannot tell,
  strange letters, portuguese or spanish, dutch, dialect, foreign letter, norwegian, danish,
  cyrillic, mystery, guess the language, incoming mail, mixed languages, alphabet
poetry, poem, verse, rhyme, sonnet, haiku, limerick, stanza, lyrics, ode, ballad, birthday card,
  wedding verse, metre, romantic, valentine, nursery rhyme, funeral, rap, couplet, song text,
  poetic, bard
upper case, capital letters, uppercase, all caps, shouting, capitals, block letters, big letters,
  lower case, caps lock, sign, headline, majuscule, small letters, letter case, nameplate, label
creative writing, fiction, story, novel, tale, bedtime, fairy tale, plot, character, chapter,
  screenplay, script, thriller, hero, villain, fantasy, princess, dragon, dialogue, imagination,
  short story, ending, detective, film script, narrator, sketch, theatre
copywriting, slogan, advert, tagline, flyer text, product description, catchy, persuade, brochure,
  leaflet, shop window, sales page, tempting, irresistible, headline, punchy, radio spot,
  billboard, claim, sells itself, candles, label text, boring text
articles, blog post, column, newspaper, magazine, newsletter, feature, editorial, journalist,
  club magazine, parish, essay, piece about, guest post, byline, local paper, press,
  story for readers, thousand words, report on, obituary, reportage, travel blog
technical writing, manual, instructions, user guide, howto, operating, handbook, assembly,
  step by step, appliance, procedure, help page, datasheet, work instruction, new colleagues,
  installer, washing machine, explain how to operate, troubleshooting, safety notice, sop
letters, letter writing, mail, speech, complain, complaint, apology, condolence, thank-you note,
  toast, eulogy, landlord, invitation, best man, invite, farewell, resignation, reminder,
  neighbour, notice, dear sir, greeting, reference letter, jubilee, sympathy, correspondence,
  dispute
job applications, resume, cv, cover letter, curriculum vitae, apply, vacancy, unemployed,
  career change, laid off, employer, interview, bio, motivation letter, gap years, apprenticeship,
  linkedin, out of work, graduate, dream job, personnel, rejected, school leaver, trainee
proposals, grant, tender, funding, subsidy, bid, foundation, sponsor, apply for money,
  call for proposals, charity, donation, horizon, rfp, public contract, council, scholarship,
  lottery fund, club house, kindergarten, research money, deadline, pitch, donor
naming, name generator, brand name, baby name, call it, christen, company name, catchy, unborn,
  puppy, kitten, band, boat, cafe, startup, domain, title, nickname, expecting, pub, what to call,
  product name, daughter, racehorse
code generation, program from description, write a program, script, little tool, app idea, macro,
  programmer, cannot program, function, snippet, calculator, software written, utility, algorithm,
  coder, small game, plugin, implement, boilerplate, prototype, turn idea into code
code review, pull request, merge, diff, patch, second opinion, colleague, junior, quality of code,
  look over, commit, maintainers, readable, critique, approve, reviewer, spot mistakes, sloppy,
  bad practice, before release, freelancer, spaghetti
debugging, bug, crash, stack trace, exception, error message, freezes, hangs, glitch, red text,
  stops working, null, segfault, worked yesterday, breaks, weird behaviour, fix program,
  endless loop, fails, blue screen, traceback, broken, wrong result, reproduce
software testing, unit test, test case, coverage, qa, try out, regression, click through, checks,
  release, untested, edge case, assertion, tester, does it work, broke after update, confidence,
  pytest, selenium, acceptance, test plan, every button
refactoring, restructure, legacy, tidy code, mess, spaghetti, old code, untangle, duplicate code,
  rewrite, modernise, clean code, port, unreadable, inherited, cobol, maintainable, split up,
  grown over years, technical debt, migrate, upgrade, nobody understands, predecessor
performance tuning, profiling, optimise code, slow, sluggish, takes forever, speed up, lag, snail,
  memory leak, bottleneck, seconds to load, crawl, overnight, faster, hog, eats memory, latency,
  bloated, waiting, fan loud, cpu hundred percent, throughput
code documentation, docstring, comment, readme, javadoc, api reference, explain code,
  undocumented, developers, what does this function, diagram, annotate, changelog, onboarding,
  newcomer, source explained, walkthrough, left the company, incomprehensible code, wiki,
  incomprehensible
database queries, sql, select, join, schema, table, records, postgres, mysql, query slow, index,
  customers who bought, list all orders, stored procedure, access database, report from database,
  rows, how many members, group by, look up in database, foreign key, warehouse
patterns and formulas, regex, regular expression, excel formula, spreadsheet, vlookup, cell,
  pattern, search replace, match, postcode format, wildcard, column, sumif, validate,
  phone number format, google sheets, calculate cell, worksheet, percentage, email address format,
  macro
web development, website, homepage, html, css, frontend, react, web page, online presence,
  wordpress, contact form, webshop, landing, responsive, hairdresser, club site, blog, plumber,
  visitors, domain, internet page, menu bar, florist, restaurant site, portfolio
mobile development, app, android, iphone, ios, phone app, smartphone, tablet, app store,
  play store, swift, kotlin, flutter, push notification, tap, pocket, touch, download, club app,
  offline, handset, swipe, on the go
embedded programming, firmware, microcontroller, arduino, raspberry pi, esp32, sensor, chip,
  blink, led, gadget, device, tinker, relay, doorbell, thermostat, hobbyist, flash, interrupt,
  greenhouse, battery powered, smart home, soldering, watering, remote control, irrigation
programming interfaces, api, endpoint, rest, integrate, connect two systems, webhook, sdk,
  plug in, talk to each other, sync, interface, link shop to, swagger, openapi, hook up, glue,
  third party, exchange between programs, crm, till, bridge, adapter
deployment, continuous integration, pipeline, release, rollout, build, ship, publish, go live,
  server, upload, docker image, production, version, downtime, rollback, put online, staging,
  install on server, heroku, launch, push, hosting
infrastructure, terraform, cloud, aws, server setup, network, virtual machine, rack, provisioning,
  ansible, hosting, vpn, firewall, router, dns, cluster, scale, azure, load balancer,
  office network, data centre, wifi, new servers, cabling
monitoring, alert, logs, uptime, outage, dashboard, grafana, down, unreachable, watch server,
  wake me, pager, incident, three in the morning, metrics, health check, disk full, site down,
  notify, root cause, overloaded, postmortem, log file, availability, overload
backup, migration, restore, copy, lost photos, deleted by accident, hard disk died, rescue,
  recovery, move to new computer, archive, usb stick, external drive, safe copy, theft,
  house fire, moving provider, transfer old system, snapshot, snatched, data loss, sync,
  replace computer, cloud storage
it support, helpdesk, printer, wifi, password forgotten, locked out, computer slow, laptop,
  router, windows, install, update, screen black, mouse, keyboard, grandpa, tablet, reboot,
  paper jam, bluetooth, mac, does not turn on, outlook, internet gone, headset, frozen, scanner
vulnerability scanning, penetration test, pentest, hole, weak spot, hacker, exploit, cve,
  break in, leak, unpatched, open port, attackable, sql injection, audit website,
  safe from hackers, loophole, door open, ethical hacker, outdated plugin, owasp,
  customer data safe, intrude
malware analysis, virus, trojan, ransomware, infected, suspicious file, attachment,
  dodgy download, spyware, worm, exe, usb stick found, encrypted files, antivirus,
  strange program, keylogger, clicked, hijack, popup, quarantine, payload, blackmail, dodgy
phishing detection, scam mail, fake bank, fraud mail, suspicious link, fake invoice, sender,
  prince, password request, lottery won, sms parcel, trick, click, impersonate, con,
  account blocked, genuine, fake website, spoof, bait, urgent transfer, ceo, grandchild trick,
  pretends
threat detection, intrusion, siem, hacked, attacker, break-in, suspicious login, firewall log,
  breach, brute force, stranger in network, strange traffic, night login, compromise, lateral,
  alarm, snoop, spied, foreign country login, incident, sneaking, soc, data flowing out
access control, permission, role, login, password, key, authorise, identity, single sign-on,
  who may see, rights, certificate, token, badge, revoke, left company, intern, account,
  two-factor, admin, forbidden, share folder, locked, keycard, secret, vault
smart contracts, solidity, ethereum, blockchain, token, nft, crypto, wallet, defi, dapp, coin,
  reentrancy, audit contract, mint, chain, ledger, dao, web3, bridge, staking, escrow on chain,
  coins stolen, gas, tokens
web browsing automation, browser bot, clicks, fill in form, portal, log in and download,
  website by hand, every morning, tickets, queue online, reserve slot, book appointment,
  tedious clicking, monitor page, puppeteer, playwright, submit, captcha, checkout, fill out,
  repetitive, same form
task planning, orchestration, workflow, break down, steps, delegate, coordinate, subtasks, assign,
  big goal, agents, jobs shared out, overwhelmed, where to start, organise, sequence, checklist,
  divide work, project too big, errands, todo, hand out, manager
data analysis, analyst, insight, numbers, figures, spreadsheet, what do the numbers say, excel,
  trend, why did sales drop, evaluate, table, breakdown, compare months, correlate,
  survey results, patterns, till receipts, pivot, statistics, findings, decline, takings
data visualization, chart, graph, diagram, plot, pie, bar, dashboard, infographic, map, curve,
  show numbers, colourful, picture of the figures, axis, illustrate, at a glance, annual report,
  heatmap, histogram, timeline, visual, board, draw
data cleaning, deduplicate, normalise, messy, duplicates, typos in list, mailing list,
  member list, twice, missing values, inconsistent, address list, tidy table, garbage, unify,
  blanks, standardise, wrong dates, contacts merge, spellings, clean up spreadsheet, mismatch,
  customer list, sloppy
data extraction, parse, fields, pdf, form, receipts, invoices, pull out, copy out,
  table from document, scanned forms, delivery notes, amounts, stack of paper, type off,
  read out values, order forms, box of receipts, retype, key figures, certificates,
  policy numbers, transfer to excel
web scraping, crawler, harvest, collect from websites, prices from shops, listings, gather, crawl,
  grab, copy website, competitor, product pages, directory, phone book, job ads, flats,
  extract site, every page, list of shops, scrape, yellow pages, download whole site, catalogue,
  spider
data pipelines, etl, ingest, nightly, transfer, feed, sync, warehouse, stream, airflow, batch,
  schedule, flow, load, merge sources, branches, hourly, bring together, kafka, integrate,
  every night, consolidate, import, tills, daily export, several systems
format conversion, convert, csv, json, xml, yaml, file format, cannot open, wrong format,
  turn into, export, import, encoding, umlauts, old program, parquet, excel to, unreadable file,
  transform, save as, different program, vcard, outdated format, contacts, transcode
statistics, hypothesis, significance, p-value, regression, sample, survey, coincidence, luck,
  average, questionnaire, random, experiment, confidence, thesis, correlation, chance, deviation,
  poll, spss, control group, placebo, trial, bayesian, odds, how sure, median
anomaly detection, outlier, unusual, odd, strange, suspicious, out of the ordinary, deviation,
  irregular, spike, alarm, meter reading, leak, sudden, stick out, weird, abnormal, unexpected,
  tampering, surprise, does not fit, water consumption, glitch, something wrong
forecasting, time series, predict, next month, future, next year, outlook, demand, prediction,
  season, christmas, how many will, expect, project forward, coming weeks, ice cream,
  visitors tomorrow, staff needed, bakery, trend, extrapolate, plan ahead, sales next, summer,
  peak
data labelling, annotation, annotate, tag, mark, bounding box, training examples, ground truth,
  label pictures, by hand, classify examples, crowd worker, thousand photos, gold standard,
  teach computer, outline, hand-sorted, coding answers, raters, transcribe examples,
  mechanical turk
synthetic data, fake data, fabricated, dummy, test data, invented, artificial, sample records,
  mock, pretend customers, fictitious, placeholder, random names, demo, not real people,
  realistic, privacy, lookalike, simulate customers, seed database, generator, filler
model training, fine-tuning, neural network, train, learn from examples, teach a model, gpu,
  dataset, own ai, fit, lora, epochs, custom model, own data, deep learning, weights,
  hyperparameter, teach, examples, specialised, learning machine, pretrain
model evaluation, benchmark, accuracy, f1, metric, compare models, how good, bias, hallucination,
  leaderboard, trustworthy, test ai, wrong answers, fair, error rate, precision, which ai is best,
  red team, validate, scorecard, reliable, judge, confusion matrix
model inference, run a model, serve, prediction service, llm, prompt, generate, hosted, batch,
  completion, throughput, ask ai, language model, gpu time, weights, open model, large prompts,
  ollama, quantised, endpoint, tokens per second, llama
clustering, group alike, segments, similar, cluster, unsorted, belongs together,
  types of customers, heaps, kinds, natural groups, kmeans, themes, similar customers, partition,
  families, alike, bundles, sort without categories, shoppers, divide, lookalikes, topics emerging
recommendation, recommender, suggest, what next, to my liking, similar films, taste, playlist,
  book tips, personalised, favourite, viewers, also bought, what to watch, read next, wine,
  suitable, netflix, novels, choose for me, match my taste, discover, binge
optimization, linear programming, constraint, solver, best combination, minimise, maximise,
  fewest, cheapest mix, cutting, knapsack, allocate, packing, fit into, offcuts, waste least,
  timber, feed mix, seating, assign, boxes, puzzle, budget limit, as little as possible, planks,
  carpenter, truck load
theorem proving, proof, prove, lemma, lean, coq, conjecture, mathematician, induction, formal,
  logic, contradiction, holds always, rigorous, axiom, show that, verified, counterexample,
  step wrong, deduction, isabelle, qed, theorem
simulation, monte carlo, hypothetical, scenario, model, agent based, play through, queue,
  simulate, virtual experiment, crowd, dice, evacuate, checkout queue, epidemic, traffic jam,
  thousand times, roll, random runs, waiting line, lifts, discrete event, outbreak
molecule design, drug discovery, docking, compound, chemist, ligand, synthesis, reaction,
  candidate, solvent, toxicity, new medicine, catalyst, smiles, perfume, binding, material,
  active substance, laboratory, retrosynthesis, glue, inhibitor, chemical structure
protein structure, protein folding, alphafold, amino acids, shape of protein, enzyme, antibody,
  fold, sequence, three-dimensional, biochemist, residue, mutation, binding site, receptor,
  peptide, vaccine, molecular biology, pdb, chain, unfold, crystallography
genomics, genome, dna, gene, sequencing, mutation, variant, ancestry, heredity, hereditary,
  saliva test, inherit, chromosome, rna, bioinformatics, breeding, pedigree, bacteria strain,
  virus variant, parents, blast, reads, family disease, geneticist, dna test, kinship, saliva
weather forecasting, forecast, rain, storm, snow, sunny, umbrella, frost, temperature, wind,
  picnic, thunderstorm, hail, barbecue, harvest weather, sailing, hike, tomorrow wet, gale,
  heatwave, fog, drizzle, garden party, meteorologist, sunshine, laundry, icy, outdoors
astronomy, star, planet, telescope, orbit, comet, galaxy, sky, moon, eclipse, satellite,
  night sky, asteroid, meteor, constellation, jupiter, bright dot, observatory, ephemeris, mars,
  stargazing, supernova, sunrise, space, shooting stars, exoplanet, iss
environmental analysis, pollution, air quality, water quality, biodiversity, ecosystem, fine dust,
  smog, river, bees, insects, contaminated, lake, swim, habitat, waste, recycling, noise,
  nature reserve, impact, biologist, toxic, well water, birds, ecologist, fish dying, soil,
  exhaust, smell, dying
literature review, papers, scientific, studies, pubmed, scholar, citation, state of research,
  journals, systematic, phd, bibliography, thesis, what is known, academic, preprint,
  meta-analysis, research so far, references, findings, researchers, literature search,
  recent studies, professors
web research, research online, google, find out about, background, look into, internet, dossier,
  gather information, search web, investigate, sources, compare products, who owns, desk research,
  fact sheet, overview market, dig, nosy, best vacuum cleaner, which to buy, browse, briefing
news monitoring, press clippings, headlines, newspaper, mentions, media, keep informed,
  follow topic, daily digest, press review, alerts, in the papers, journalists, reports about us,
  coverage, articles about, broadcast, tv, current affairs, happening, morning briefing, breaking,
  stay up to date
`;
