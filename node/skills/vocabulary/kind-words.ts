/**
 * Names by the kind of thing they name: languages, animals, illnesses, tools, makers. The first
 * words of a line name the kind. See `action-words.ts`.
 *
 * @module
 */

/** One kind a line; an indented line goes on. */
export const KIND_WORDS = `
language, english, german, french, spanish, italian, portuguese, dutch, danish, norwegian,
  swedish, finnish, icelandic, polish, czech, slovak, hungarian, romanian, bulgarian, greek,
  turkish, russian, ukrainian, serbian, croatian, slovene, albanian, estonian, latvian, lithuanian,
  irish, welsh, gaelic, basque, catalan, maltese
language, arabic, hebrew, persian, farsi, urdu, hindi, bengali, punjabi, tamil, telugu, marathi,
  gujarati, chinese, mandarin, cantonese, japanese, korean, vietnamese, thai, indonesian, malay,
  tagalog, swahili, amharic, yoruba, hausa, zulu, afrikaans, somali, kurdish, armenian, georgian,
  mongolian, tibetan, nepali, latin, sanskrit, esperanto
country, germany, france, spain, italy, portugal, netherlands, belgium, switzerland, austria,
  denmark, norway, sweden, finland, poland, greece, turkey, russia, ukraine, ireland, britain,
  england, scotland, europe, european, america, usa, canada, mexico, brazil, argentina, chile,
  china, japan, korea, india, pakistan, indonesia, australia, egypt, nigeria, kenya, africa, israel,
  iran, asia
city, london, paris, berlin, madrid, rome, vienna, amsterdam, brussels, zurich, stockholm, oslo,
  copenhagen, warsaw, prague, budapest, athens, istanbul, moscow, dublin, lisbon, milan, munich,
  hamburg, barcelona, new york, chicago, boston, san francisco, los angeles, toronto, tokyo, seoul,
  beijing, shanghai, delhi, mumbai, singapore, sydney, dubai, cairo
wild animal, species, lion, tiger, bear, wolf, fox, deer, elephant, monkey, whale, dolphin, shark,
  snake, lizard, frog, turtle, bat, hedgehog, squirrel, rat, mouse, otter, seal, boar
bird, owl, eagle, hawk, sparrow, robin, blackbird, crow, pigeon, duck, goose, swan, gull, stork,
  heron, woodpecker, nightingale, parrot, penguin, warbler, chirp, song
insect, pest, beetle, ant, bee, wasp, butterfly, moth, caterpillar, fly, mosquito, tick, spider,
  aphid, locust, larva, termite, mite, weevil, maggot, bug
plant, flower, tree, oak, pine, birch, maple, rose, tulip, orchid, daisy, fern, moss, mushroom,
  fungus, grass, herb, leaf, bark, seed, root, petal
crop, field, wheat, barley, oats, rye, maize, corn, rice, potato, tomato, cabbage, carrot, onion,
  bean, soy, sunflower, rapeseed, cotton, sugar beet, vine, apple, grape, olive, coffee plant,
  cocoa, banana, hops
vegetables and fruit, food, carrot, onion, garlic, pepper, tomato, potato, spinach, lettuce,
  mushroom, apple, banana, orange, lemon, berry, strawberry, cherry, pear, avocado, aubergine,
  courgette, lentils, chickpeas
dish, food, cooking, bread, pizza, pasta, rice, soup, stew, salad, sandwich, burger, curry, sushi,
  steak, chicken, fish, egg, cheese, butter, cream, cake, pie, cookie, chocolate, dessert, sauce,
  gravy, omelette, risotto, sourdough, yeast, dough, pancake, roast
drink, wine, red wine, white wine, riesling, merlot, champagne, beer, ale, lager, cocktail, gin,
  whisky, rum, vodka, coffee, espresso, tea, juice
illness, disease, flu, cold, covid, pneumonia, asthma, bronchitis, diabetes, cancer, stroke,
  epilepsy, migraine, arthritis, allergy, hepatitis, malaria, tuberculosis, measles, anaemia,
  dementia, alzheimer, parkinson, hypertension, ulcer, gastritis, eczema, psoriasis, thyroid, gout,
  sepsis, hernia
symptom, illness, fever, cough, headache, nausea, vomiting, diarrhoea, dizziness, fatigue, rash,
  itching, swelling, pain, cramps, bleeding, numbness, tingling, shortness of breath, sore throat,
  runny nose, chest pain, stomach ache, back pain, weight loss
body part, heart, lung, liver, kidney, stomach, brain, bone, skin, eye, ear, nose, throat, tooth,
  knee, hip, shoulder, back, spine, arm, leg, hand, foot, finger, neck, chest, muscle, joint, nerve,
  ankle, wrist, elbow
medicine, drug, aspirin, ibuprofen, paracetamol, penicillin, antibiotic, insulin, warfarin,
  statin, metformin, morphine, cortisone, antidepressant, vaccine, beta blocker, pill, tablet,
  capsule, syrup, ointment, dose, prescription, grapefruit, anticoagulant
doctor, nurse, surgeon, dentist, pharmacist, radiologist, cardiologist, dermatologist,
  psychiatrist, paediatrician, midwife, physiotherapist, paramedic, hospital, clinic, practice,
  ward, patient
musical instrument, music, piano, guitar, violin, cello, flute, clarinet, saxophone, trumpet,
  trombone, drums, bass, harp, organ, accordion, ukulele, banjo, synthesizer, keyboard, harmonica,
  strings, brass, percussion
music genre, music, jazz, blues, rock, pop, metal, punk, folk, country music, reggae, soul, funk,
  disco, techno, house music, ambient, hip hop, rap, opera, classical music, waltz, tango, salsa,
  lullaby, hymn, anthem, ballad, march, chillout, lo-fi
composer, music, mozart, beethoven, bach, chopin, wagner, verdi, vivaldi, beatles, symphony,
  sonata, concerto, fugue
painter, art, picasso, van gogh, monet, rembrandt, da vinci, vermeer, dali, impressionism, cubism,
  baroque, watercolour, fresco, still life, oil paint
writer, literature, shakespeare, goethe, dickens, tolstoy, kafka, austen, homer, novel, drama,
  playwright, sonnet, essayist
emperor, history, caesar, augustus, nero, cleopatra, napoleon, hitler, charlemagne, pharaoh,
  senate, legion, gladiator, viking, crusade, colony, revolution, empire, dynasty, treaty, monarch,
  antiquity, middle ages, renaissance, rome
sport, football, soccer, tennis, basketball, baseball, volleyball, handball, hockey, rugby,
  cricket, golf, swimming, rowing, sailing, skiing, cycling, running, boxing, judo, gymnastics,
  athletics, formula one, surfing, climbing
occupation, job, baker, butcher, carpenter, electrician, plumber, mechanic, farmer, teacher,
  lawyer, nurse, engineer, architect, driver, pilot, clerk, cashier, waiter, cook, cleaner,
  journalist, scientist, accountant
family, mother, father, daughter, son, sister, brother, grandmother, grandfather, aunt, uncle,
  cousin, wife, husband, baby, child, kid, teenager, niece, nephew, grandparent
vehicle, car, truck, lorry, van, bus, motorcycle, bicycle, tram, train, locomotive, tractor,
  excavator, forklift, ambulance, taxi, scooter, trailer
aircraft, aviation, plane, airplane, jet, boeing, airbus, helicopter, glider, drone, turbine
  engine, landing gear, wing, fuselage, propeller, cockpit, runway, flight, pilot, airworthiness,
  hangar, cessna, inspection
ship, boat, ferry, tanker, freighter, yacht, submarine, barge, container ship, harbour, anchor,
  hull, sea, captain, sailor
tool, hammer, drill, screwdriver, saw, wrench, pliers, screw, bolt, nail, nut, bracket, hinge,
  clamp, gear, shaft, bearing, spring, washer, thread, flange, valve, part
household appliance, home, fridge, oven, stove, dishwasher, washing machine, dryer, vacuum
  cleaner, kettle, toaster, microwave, boiler, heater, lamp, light bulb
furniture, interior, table, chair, sofa, couch, bed, wardrobe, shelf, desk, cupboard, lamp,
  carpet, curtain, mirror
building part, construction, wall, roof, floor, ceiling, door, window, stairs, staircase, balcony,
  chimney, basement, attic, corridor, foundation, beam, column, facade, railing, ramp, elevator,
  sprinkler, smoke detector, emergency exit
building, house, school, hospital, office building, church, factory hall, warehouse, garage,
  hotel, skyscraper, bridge, tunnel, dam, stadium, barn, tower
clothing, shirt, trousers, skirt, dress, coat, jacket, sweater, socks, shoes, boots, sneakers,
  hat, scarf, gloves, jeans, suit, tie, belt, underwear, handbag
material, steel, iron, aluminium, copper, wood, timber, glass, plastic, rubber, concrete, brick,
  stone, leather, cotton, wool, silk, paper, cardboard, titanium, carbon fibre
chemical, chemistry, hydrogen, oxygen, nitrogen, carbon, sodium, chlorine, iron, sulphur, calcium,
  ammonia, methane, propane, butane, ethanol, benzene, acid, base, salt, oxide, water, peroxide,
  gram, mole, litre, solution, reaction, burn, combustion
physical unit, convert, metre, inch, mile, kilogram, pound, litre, gallon, celsius, fahrenheit,
  watt, volt, ampere, newton, pascal, joule
weather, rain, sun, snow, hail, fog, wind, storm, thunder, frost, cloud, drizzle, heat wave,
  umbrella, forecast, tomorrow, temperature, degrees
season, month, date, spring, summer, autumn, winter, january, february, april, june, july, august,
  september, october, november, december, monday, friday, sunday
money, currency, euro, dollar, pound sterling, yen, franc, yuan, rupee, cent, coin, banknote, cash
shop, amazon, ebay, etsy, alibaba, walmart, ikea, zalando, shopify, online shop, listing, seller,
  product, marketplace, webshop
office software, slack, teams, sharepoint, confluence, notion, jira, outlook, gmail, google docs,
  dropbox, zoom, trello, asana, wiki, intranet, documents, company
customer system, crm, salesforce, hubspot, sap, zendesk, dynamics, accounts, opportunities,
  contacts, customers, deals, pipeline
social network, facebook, instagram, twitter, tiktok, linkedin, reddit, youtube, pinterest,
  snapchat, mastodon, threads, post, followers
bank and broker, stock exchange, nasdaq, dax, dow jones, nikkei, wall street, bloomberg, reuters,
  visa, mastercard, paypal, goldman, ticker, share price, tesla stock, apple shares
tech maker, hardware, nvidia, amd, intel, apple, samsung, dell, lenovo, hp, ibm, cisco, qualcomm,
  xilinx, arm
cloud provider, cloud, aws, azure, google cloud, hetzner, digitalocean, heroku, vercel,
  cloudflare, ec2, s3, lambda, servers, instance
language model maker, llm, openai, anthropic, claude, gemini, mistral, llama, deepseek, qwen,
  chatgpt, copilot, grok, assistant
operating system, windows, linux, ubuntu, debian, macos, ios, android, unix, freebsd
programming language, code, programming, python, java, javascript, typescript, c++, rust, go,
  golang, swift, kotlin, ruby, php, perl, scala, haskell, lua, dart, cobol, fortran, pascal, basic,
  assembly, solidity, matlab, julia, elixir, zig, lisp
web framework, code, web, django, flask, rails, spring boot, laravel, express, react, angular,
  vue, svelte, next.js, fastapi, symfony
database product, database, postgres, mysql, mariadb, oracle, sqlite, mongodb, redis, cassandra,
  snowflake, bigquery, clickhouse, elasticsearch, duckdb, sql
file format, convert, pdf, docx, xlsx, csv, json, xml, yaml, html, markdown, epub, rtf, tsv,
  parquet, zip, txt
media format, media, mp3, wav, flac, ogg, aac, mp4, mkv, avi, mov, jpeg, png, gif, tiff, svg,
  webm, raw
statistics method, statistics, mean, median, variance, regression, mixed model, survival, bayes,
  bootstrap, anova, chi-square, random effects, covariate, odds ratio, logistic, confidence,
  hypothesis
mathematics word, mathematics, maths, algebra, equation, integral, derivative, root, square,
  prime, fraction, polynomial, logarithm, sine, matrix, vector, set, theorem, lemma, proof, sum,
  product, limit, function, exponent, number, irrational, theory
school subject, school, mathematics, physics, chemistry, biology, history, geography, literature,
  grammar, spelling, fractions, multiplication, essay, homework, exam, algebra
legal word, law, contract, clause, tenant, landlord, court, judge, lawyer, verdict, appeal,
  statute, liability, damages, plaintiff, defendant, notary, testament, divorce, custody, penalty,
  warranty, lawsuit, compensation
authority, government, tax office, police, customs office, embassy, ministry, municipality,
  parliament, court, patent office, land registry, health department, regulator, city hall
crime, fraud, theft, burglary, robbery, scam, blackmail, bribery, forgery, hacking, identity
  theft, vandalism, arson, smuggling
disaster, flood, earthquake, hurricane, tornado, wildfire, tsunami, landslide, drought, avalanche,
  volcano
landscape, geography, mountain, hill, valley, river, lake, sea, coast, island, forest, desert,
  glacier, beach, swamp, cave, summit
star and planet, astronomy, sun, moon, mars, venus, jupiter, saturn, comet, meteor, galaxy,
  constellation, asteroid, telescope
game, chess, go, poker, bridge card game, sudoku, crossword, monopoly, minecraft, dungeons and
  dragons, tetris, checkers, scrabble, quiz, villain, tavern, innkeeper, knight, wizard, orc
fabulous being, story, dragon, fairy, wizard, witch, elf, dwarf, ghost, vampire, knight, princess,
  hero, unicorn, monster, castle
machine, factory, pump, motor, engine, conveyor, belt, compressor, turbine, press, lathe, welding
  robot, packaging machine, boiler, crane, gearbox, fan, valve, cylinder, assembly line, bottling
sensor value, sensors, temperature, humidity, pressure, vibration, acceleration, voltage, current,
  flow, level, speed, brightness, co2, particulate, dust
paper document, office, invoice, receipt, letter, contract, certificate, passport, ticket, bill,
  statement, form, notebook, diary, newspaper, magazine, brochure, register, minutes, memo
recording device, audio, microphone, dictaphone, camera, webcam, tape, cassette, vinyl, video
  camera, phone recording, headset
feeling, sentiment, happy, sad, angry, afraid, surprised, disgusted, jealous, proud, ashamed,
  bored, excited, nervous, calm, furious, grateful, lonely, upset, cheerful, disappointed
colour, red, blue, green, yellow, black, white, orange, purple, pink, brown, grey, beige,
  turquoise
text genre, writing, poem, story, essay, article, letter, speech, song, novel, play, report,
  recipe, manual, joke, review, biography, obituary, advert, press release, limerick, haiku, sonnet
data chart, visualisation, bar chart, pie chart, line chart, scatter plot, histogram, heat map,
  box plot, treemap, sankey, gantt, map chart, timeline
cell biology, biology, cell, gene, dna, rna, protein, enzyme, mutation, chromosome, bacterium,
  virus, plasmid, antibody, mitochondria, genome, sequence, sample, exome, strain, nucleotide
network word, network, router, switch, firewall, dns, ip, port, packet, vpn, socket, latency,
  wlan, ethernet, proxy, gateway, load balancer
security word, security, virus, worm, trojan, ransomware, phishing, exploit, backdoor, botnet,
  spyware, keylogger, rootkit, injection, firewall, hacker, attacker, leak, breach, macro, payload,
  attachment
crypto coin, blockchain, bitcoin, ethereum, solana, dogecoin, token, nft, wallet, ledger, mining,
  gas, smart contract, stablecoin, exchange, defi, escrow
company paper, finance, balance sheet, income statement, cash flow, annual report, budget,
  invoice, quarterly report, prospectus, audit report, ledger, tax return
investment, finance, shares, stocks, bonds, funds, etf, option, future, commodity, gold, real
  estate fund, savings account, pension, annuity, dividend
tax kind, tax, vat, sales tax, income tax, corporate tax, property tax, inheritance tax, customs
  duty, withholding, capital gains, deduction, allowance
insurance kind, insurance, car insurance, health insurance, life insurance, liability insurance,
  household insurance, travel insurance, premium, claim
transport word, logistics, pallet, container, crate, parcel, box, load, freight, cargo, lorry,
  truck, warehouse, dock, delivery, forwarder, shipment, loading, carton
pet, dog, cat, hamster, rabbit, guinea pig, parrot, goldfish, horse, pony, puppy, kitten, vet,
  leash
farm animal, livestock, cow, bull, calf, sheep, goat, pig, chicken, hen, duck, turkey, horse,
  herd, flock, barn, milk, egg
party, celebration, wedding, birthday, christmas, easter, anniversary, graduation, funeral,
  baptism, new year, halloween, retirement, engagement
place to go, travel, museum, beach, castle, zoo, restaurant, hotel, airport, station, park,
  theatre, cinema, temple, market, old town, monument
gadget, device, smartphone, tablet, laptop, watch, printer, headphones, television, game console,
  router, camera, smart speaker
german, germany, austria, switzerland, berlin, munich, hamburg, cologne, frankfurt, vienna,
  zurich, bavaria, translation
french, france, belgium, quebec, paris, lyon, marseille, geneva, brussels, translation
spanish, spain, mexico, argentina, chile, peru, colombia, madrid, barcelona, buenos aires, latin
  america, translation
portuguese, portugal, brazil, lisbon, porto, rio, sao paulo, angola, translation
italian, italy, rome, milan, naples, turin, florence, venice, sicily, translation
dutch, netherlands, flanders, holland, amsterdam, rotterdam, antwerp, translation
arabic, egypt, saudi, morocco, iraq, syria, jordan, lebanon, cairo, riyadh, dubai, baghdad,
  damascus, beirut, translation
russian, russia, moscow, ukrainian, ukraine, kyiv, cyrillic, kremlin, translation
chinese, china, taiwan, mandarin, beijing, shanghai, shenzhen, taipei, hong kong, hanzi,
  translation
japanese, japan, tokyo, osaka, kyoto, kanji, kana, anime, manga, translation
korean, korea, seoul, busan, hangul, translation
hindi, india, delhi, mumbai, bangalore, devanagari, tamil, bengali, translation
turkish, turkey, istanbul, ankara, izmir, translation
polish, poland, warsaw, krakow, czech, prague, slovak, translation
swedish, sweden, stockholm, norwegian, norway, oslo, danish, denmark, copenhagen, finnish,
  finland, helsinki, scandinavia, nordic, translation
greek, greece, athens, hebrew, israel, jerusalem, tel aviv, persian, iran, tehran, translation
vietnamese, vietnam, hanoi, thai, thailand, bangkok, indonesian, indonesia, jakarta, malay,
  philippines, manila, translation
swahili, kenya, nairobi, tanzania, yoruba, nigeria, lagos, amharic, ethiopia, hausa, zulu, africa,
  translation
hungarian, hungary, budapest, romanian, romania, bucharest, bulgarian, sofia, serbian, belgrade,
  croatian, zagreb, translation
english, england, britain, london, american, united states, new york, australian, canada, ireland,
  scotland, translation
`;
