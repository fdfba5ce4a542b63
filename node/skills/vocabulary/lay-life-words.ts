/**
 * Words of people who have the problem that a skill solves and do not know its name, for
 * pictures, sound, design, health, trades and daily life. See `lay-words.ts`.
 *
 * @module
 */

/** One concept of the vocabulary a line, its own words first; an indented line goes on. */
export const LAY_LIFE_WORDS = `
character recognition, ocr, scan, handwriting, handwritten, old letter, printed page,
  photo of text, read receipt, photographed, sign, paper, scribble, doctor scrawl, gothic,
  illegible, book page, digitise, typewriter, number plate, faded, sutterlin, postcard, scanned,
  ledger pages, cookbook, whiteboard
object detection, bounding box, count, how many cars, find in picture, spot, locate, camera,
  people in photo, shelf, sheep, cattle, drone photo, pallets, hard hat, apples, boxes,
  traffic count, webcam, trees counted, wild boar, deer, yolo, intruder, helmets, parking spaces,
  where in the image
image classification, what is in the picture, which breed, dog breed, kind of, sort photos,
  recognise, mushroom, plant, bird, label images, ripe, species, snake, beetle, mole, stamp, coin,
  car model, category of photo, cat or dog, tell apart, identify from photo, leaf, butterfly
image description, caption, captioning, alt text, describe photo, blind, visually impaired,
  what is on the picture, screen reader, accessible, photo album, sighted, scene, in words,
  explain image, partially sighted, picture for the blind, comic, cartoon meaning, gallery,
  cannot see, alternative text
image segmentation, mask, cut out, outline, pixels, separate from background, contour, region,
  cells, trace, area of, silhouette, lawn area, boundary, roof area, measure patch, cutout,
  foreground, leaf area, road surface, organ, lasso, exactly where, tumour outline,
  shape in picture
face recognition, face, same person, compare faces, biometric, unlock, passport photo,
  who is in the photo, family photos, pose, smile, age, doorbell camera, mugshot, identity, twins,
  cctv, portrait, resemble, id check, posture, guest list entry, group picture, gestures,
  emotions on face
image generation, picture from words, painting, illustration, midjourney, draw me, prompt,
  artwork, artist, cover picture, wallpaper, fantasy picture, colouring page, ai art, poster,
  comic, children book pictures, dall-e, watercolour, invent image, unicorn, book cover,
  sketch of, drawing, portrait of
image editing, photoshop, retouch, remove background, crop, blur, sharpen, old photo, scratches,
  red eyes, colourise, restore photo, brighten, resize, collage, too dark, photobomb, wrinkles,
  ex removed, torn, faded photo, black and white, passport picture, watermark, enlarge,
  wedding photos, overexposed
transcription, speech recognition, dictation, type out, interview, recording, voice memo,
  speech to text, written down, audio file, podcast text, tape, cassette, verbatim, spoken,
  dictaphone, voicemail, voice message, interviews typed, write down what is said, oral history,
  sermon, court hearing, mumble
speech synthesis, text to speech, read aloud, voice, narrator, audiobook, spoken, blind,
  announcement, voice-over, listen, reader, robot voice, tts, answering machine, hear the text,
  eyes tired, tram stop, while driving, narration, listen to article, while jogging, pronounce,
  phone announcement, speak
speaker identification, diarization, who is speaking, whose voice, several people, voiceprint,
  recognise by voice, caller, conference call, who said, meeting recording, anonymous caller,
  tell voices apart, same speaker, phone voice, round table, panel, speakers, roommates,
  voice biometrics, interviewer
sound classification, noise, bird song, barking, glass breaking, cough, siren,
  what made the sound, humming, engine noise, rattle, cry, snore, baby crying, gunshot, chirp,
  squeak, buzzing, owl, bat, frog, whale, clatter, alarm sound, drip, which bird sings,
  strange sound, hear, gear grinding, grinding
sound editing, enhancement, noise reduction, hiss, hum, echo, crackle, clean recording, mix,
  volume, podcast, microphone, background noise, wind noise, cut audio, equalise, muffled, vinyl,
  record player, too quiet, louder, cassette, remove vocals, karaoke, crackling, band recording,
  sound engineer, jingle
music, melody, compose, song, chords, notes, piano, guitar, tune, jingle, background music, beat,
  sheet music, orchestra, choir, lyrics, band, drums, transpose, singer, violin, soundtrack, hum,
  score, arrangement, accompaniment, intro, flute, lullaby, instrument, score for choir
video editing, cut film, footage, clip, trim, montage, premiere, holiday film, gopro,
  wedding video, transition, reel, shorten video, camcorder, join clips, highlights, shaky,
  raw material, vlog, slow motion, youtube, intro, best moments, drone footage, phone videos,
  effects, colour grade, home movie
subtitles, captions, srt, dub, dubbing, deaf, hard of hearing, foreign film, subtitle, voice over,
  series, lip sync, read along, film text, on screen, documentary, hearing impaired,
  without sound, mute, tv, translated film, watch muted, movie language, closed captions,
  synchronise
video generation, animation, animated, text to video, film from words, explainer, cartoon, avatar,
  sora, trailer, make a film, bring photo to life, moving picture, talking head, clip from photos,
  storyboard, animate, music video, promo, stop motion, short film, intro film, deceased moving
video understanding, what happens in the film, scene, action recognition, surveillance, camera,
  cctv, find the moment, clip, shoplifter, dashcam, who comes in, hours of footage, goal,
  describe video, fall, watch the recording, accident film, event, motion, parked car, burglar,
  baby monitor, wildlife camera
interface design, ui, ux, usability, wireframe, mockup, figma, button, screen, confusing, layout,
  click, user friendly, app design, navigation, prototype, elderly users, menu, intuitive,
  accessible, users get lost, pretty app, touch screen, onboarding screen, kiosk, form too long,
  look and feel, beautiful
logos layouts, branding, logo, flyer, poster, business card, brand, packaging, corporate design,
  typography, emblem, letterhead, label, brochure, leaflet, sticker, sign, bottle label,
  menu card, invitation card, shop sign, graphic designer, crest, banner, t-shirt print,
  print shop, coat of arms, wine label
interior design, living room, furniture, furnish, sofa, curtains, wall colour, kitchen,
  floor plan, renovate, apartment, decor, bedroom, wallpaper, lamp, garden, balcony, terrace,
  small flat, landscaping, carpet, arrange, cosy, patio, flower bed, nursery, bathroom, attic,
  shelf, office room, paint walls
fashion, outfit, clothes, dress, wardrobe, what to wear, style, suit, shoes, tailor, sew,
  wedding guest, trousers, textile, colour match, jacket, skirt, stylist, knit, blouse, jewellery,
  capsule, trend, costume, fabric, closet, tie, sewing pattern, gown, job interview clothes,
  plus size, elegant
3d modelling, mesh, render, blender, sculpt, figurine, 3d print, virtual, scene, texture, stl,
  character model, architectural, visualise, miniature, game asset, print a part, spare part,
  model of my house, rotate, rigging, polygon, walk through, tabletop, dungeon figure,
  building visualisation, hologram
games, chess, game design, level, player, board game, quest, npc, npcs, card game, unity, move,
  opponent, rules, dungeon, puzzle, gamer, quiz night, checkers, video game, balance, opening,
  checkmate, fantasy campaign, riddle, children playing, dice, score, poker, bridge, tabletop,
  escape room
diagnosis, symptom, illness, doctor, triage, fever, rash, pain, headache, cough, sick, ache,
  which disease, urgent, emergency, dizzy, stomach, swollen, tired, specialist, nausea, itch,
  chest, child feverish, differential, hospital, ill, sore throat, knee hurts, bleeding,
  insect bite, lump, sore, bite, feverish
medical imaging, radiology, x-ray, mri, ct scan, ultrasound, fracture, tumour, scan of the body,
  lung, broken bone, mammogram, radiologist, skin spot, mole, dicom, brain, retina, lesion,
  hairline crack, bone, wrist, dentist, pathology slide, tomography, shadow on the lung,
  spot on the picture, nodule, hairline
health records, patient file, coding, icd, ehr, clinic, discharge letter, medical history, chart,
  doctor notes, practice, billing codes, consultation notes, nurse, hospital paperwork, anamnesis,
  surgery paperwork, ward, referral, documentation of visits, lab values, physician, vaccination,
  allergies
medication, drug interaction, pills, tablets, dose, dosage, side effect, pharmacy, pharmacist,
  together, prescription, antibiotic, painkiller, blood pressure, package leaflet,
  contraindication, medicines, overdose, ibuprofen, alcohol with tablets, pregnant, swallow,
  leaflet, syrup, pill box, herbal, drops
nutrition, diet, calories, meal plan, vegan, protein, lose weight, healthy eating, vitamin,
  diabetic, eat, gluten, allergy, weight loss, overweight, slim, carbs, dietitian, lactose,
  intolerance, kilos, fat, sugar, snack, breastfeeding, vegetarian, belly, iron, breakfast,
  fasting, school meals, muscle food
fitness, workout, training plan, exercise, gym, running, marathon, muscle, sleep, jogging,
  push-up, yoga, back pain, stretch, steps, couch, treadmill, squat, stamina, out of breath,
  personal trainer, unfit, endurance, weights, cycling, insomnia, swim, ten kilometres, flabby,
  in shape, physiotherapy, snoring
mental health, worry, anxious, anxiety, depressed, sad, stress, burnout, therapy, therapist,
  lonely, grief, panic, overwhelmed, cope, mood, breakup, cry, meditation, listen to me,
  heartbreak, exhausted, self-esteem, divorce, mindfulness, mourning, low, counsel, shy,
  sleepless, hopeless, brooding, afraid
tutoring, tutor, homework, explain, maths help, pupil, school, fractions, physics, exam tomorrow,
  step by step, private lessons, stuck on exercise, lesson, student, algebra, teacher explain,
  understand, learn, catch up, daughter fails, struggling at school, cram, grade, revision,
  chemistry, geometry, learner, struggling, stuck
tests grades, assessment, quiz, exam, grade, mark, grading, multiple choice, essays marked,
  teacher, test questions, rubric, correct tests, score pupils, class test, worksheet, answer key,
  thirty essays, driving theory, examiner, certificate, questions for pupils, school test, scores,
  stack of exams
course design, curriculum, syllabus, lesson plan, workshop, lecture, training, e-learning,
  learning goals, module, seminar, class, teacher, worksheet, school year, evening class, trainer,
  teach adults, materials, unit, instruct staff, pupils, substitute lesson, first aid course,
  kindergarten, evening school
language learning, vocabulary, conversation practice, pronunciation, learn spanish, speak, french,
  duolingo, flashcards, grammar exercise, accent, fluent, tutor, practise talking, verbs,
  beginner, refugee, moving abroad, rusty, conjugate, words before trip, teach me,
  spanish speaker, small sentences, learner
travel planning, trip, itinerary, holiday, vacation, sightseeing, journey, weekend away,
  city break, road trip, backpack, honeymoon, tour, days in rome, visit, camping, beach, island,
  hike, stopover, guide, where to go, with kids, safari, cruise, museum, packing, abroad,
  destination, train tour, visa, getaway
booking, reserve, reservation, hotel, flight, table, restaurant, ticket, seat, room,
  cheap flights, airbnb, train ticket, concert, cancel, rental car, table for four, airline,
  fares, stay, overnight, theatre, hairdresser appointment, window seat, ferry, check-in,
  accommodation, hostel, guesthouse, sold out
geocoding, address, coordinates, latitude, longitude, place name, gps, postcode, map pin,
  whereabouts, location, street, house number, geotag, pins on a map, town names, district,
  zip code, delivery address, nearest branch, plot customers, what3words, which county,
  list of addresses, position, villages
remote sensing, satellite, aerial, landsat, sentinel, from space, ndvi, deforestation, forest,
  flood, land use, drone, glacier, ice, burnt area, above, earth observation, sprawl, coast,
  rainforest, illegal mining, shrinking lake, from above, wildfire, erosion, radar, vegetation,
  overgrown, burnt
route planning, delivery route, driver, van, stops, shortest, tour, courier, detour, traffic,
  navigation, travelling salesman, vehicle, truck, round trip, order of visits, milk run,
  school bus, parcels, drive, home visits, fuel, postman, pizza, fleet, kilometres, taxi, rounds,
  on the way, care service, bicycle
inventory, stock, warehouse, reorder, shelf, out of stock, storage, surplus, replenish,
  safety stock, sku, count goods, expiry, overstock, empty shelves, spare parts, stockroom,
  cellar, run out, how much to order, pharmacy stock, perish, throw away, supermarket, pantry,
  fridge full, ordering, bar stock, leftover
shipping, freight, parcel, customs, container, carrier, cargo, tracking, import duty, export,
  send package, courier, shipment, delivery, port, pallet, tariff code, post office, overseas,
  declaration, lorry, forwarder, send to america, bill of lading, ship goods, postage, border,
  dispatch, incoterms, consignment
mechanical design, cad, drawing, part, solidworks, bracket, gear, machine part, tolerance,
  dimension, lathe, mill, workshop, metal, screw, construct, technical drawing, housing, hinge,
  draw up, blueprint, spare part, locksmith, mount, stl, sheet metal, autocad, assembly, bolt,
  welding, prototype, cnc, sketch
engineering simulation, finite element, fem, cfd, stress, load, beam, bend, airflow, heat, bridge,
  strength, vibration, structure, will it hold, break, aerodynamics, statics, crack, collapse,
  fluid, roof load, thermal, girder, wing, pressure vessel, balcony weight, snow load,
  wind tunnel, overheats, deflection
electronics, circuit, pcb, schematic, resistor, board, solder, chip, voltage, battery, amplifier,
  led, short circuit, transistor, layout, fpga, capacitor, wiring, lamp, power supply, radio,
  breadboard, fuse, kicad, blown, sensor circuit, charger, antenna, component, hobby, toaster,
  wires, led strip
control, controller, pid, set point, plc, valve, tank, thermostat, heating, regulate, pump,
  feedback, oscillate, steady temperature, brewery, boiler, actuator, automation plant, level,
  furnace, oven, greenhouse climate, ventilation, conveyor, overshoot, keep constant, cruise,
  drone stable, aquarium
robotics, robot, gripper, arm, grasp, ros, path, navigate, humanoid, pick and place, vacuum robot,
  lawn mower, obstacle, drone, joint, kinematics, autonomous, machine moves, factory arm,
  collision, lidar, rover, mobile robot, warehouse robot, stairs, assembly line, walking,
  manipulate, motor, mower
predictive maintenance, breakdown, wear, bearing, fail, vibration, machine stops, downtime,
  repair before, remaining life, turbine, motor, overhaul, spare part, elevator, lift,
  service interval, grinding noise, mechanic, conveyor, wind turbine, compressor, pump failing,
  unplanned, worn, factory standstill, oil, grinding, standstill
quality inspection, defect, scratch, faulty, conveyor, reject, weld, surface, dent, check goods,
  assembly line, tolerance, bottle, production line, flaw, crack, machine vision, scrap, cookie,
  packaging, label crooked, foreman, bad parts, sort out, tiles, fabric faults, factory, paint,
  misprint, second choice, crooked
crop monitoring, crop, field, yield, harvest, wheat, leaf, pest, disease, fertilizer, vineyard,
  farmer, drought, weeds, potato, maize, irrigation, aphid, yellow leaves, blight, mildew,
  tractor, orchard, tomato plants, fungus, grapes, corn, spraying, locust, rotten, slugs,
  greenhouse, seedlings, wilting
energy, electricity, power, solar panel, roof, grid, battery, heat pump, kilowatt, meter,
  consumption, wind power, heating bill, insulation, photovoltaic, electricity bill, save power,
  charging, electric car, boiler, generator, smart meter, utility, blackout, solar, gas bill,
  tariff, radiators, peak load
carbon accounting, footprint, co2, emissions, greenhouse gas, climate, offset, scope,
  sustainability, carbon, flights, environment report, neutral, climate friendly, how much co2,
  commute, lca, esg, plastic, eco, green, life cycle, net zero, tonne, emission, exhaust,
  carbon tax, kerosene
real estate, house, flat, apartment, rent, landlord, tenant, estate agent, mortgage, square metre,
  property, sell my house, viewing, listing, plot, garage, letting, realtor, flat hunt,
  house price, lease, exposé, move, buy a house, market value, condo, grandmother house, housing,
  villa, tenement, bungalow, roommate
public services, form, office, authority, benefits, permit, passport, town hall, application,
  citizen, child benefit, registration, pension office, visa, unemployment, building permit,
  marriage, paperwork, bureaucracy, residence, driving licence, bureaucratic, move registration,
  birth certificate, council, allowance, official letter, asylum, immigration, naturalisation,
  voting, student grant, welfare
recipes, recipe, cook, dish, dinner, leftovers, fridge, bake, cake, ingredients, soup, meal,
  kitchen, pasta, hungry, oven, supper, chicken, vegetables, pancake, lunch, eggs, potatoes,
  flour, guests coming, cooking, stew, bread, barbecue, grill, cookies, sauce, tasty, spices,
  chef, salad, zucchini, roast
events gifts, party, birthday, wedding, present, gift, surprise, guests, celebration, anniversary,
  mother in law, christmas, invitation, catering, decoration, theme, colleague leaving,
  baby shower, children's party, reception, games for, venue, jubilee, seating plan,
  grandpa turns, secret santa, bachelor, hen night, godchild, graduation, easter, entertain, dj,
  buffet, balloons, who has everything
home family, baby, toddler, child, dog, cat, pet, garden, plants, chores, cleaning, stain, repair,
  leak, drip, tap, parenting, nanny, household, diy, laundry, nursery, puppy, houseplant, mould,
  babysitter, limescale, teenager, tantrum, vet, crawling, ants, squeaky door, bedtime, lawn,
  drain, clogged, washing, barks, scratching, curtain, rabbit, hamster, moving boxes, granny,
  wasps, handyman, potty, squeaky
dating astrology, horoscope, tarot, zodiac, partner, love, date, tinder, matchmaking, flirt,
  stars, soulmate, star sign, first date, crush, relationship, compatible, single, profile,
  fortune, scorpio, aries, leo, palm, boyfriend, girlfriend, numerology, destiny, in love,
  dream meaning, oracle, breakup, widow, romance
sports analysis, football, match, team, coach, player, league, goals, tennis, tactics, score,
  athlete, odds, basketball, opponents, season, lineup, running times, cricket, golf, hockey, bet,
  table tennis, trainer, referee, club, training data, win next, tournament, formation, striker,
  penalties, swim times
`;
