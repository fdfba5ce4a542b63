/** Terms of `performs` for health, learning, travel, places, machines, farms and homes. @module */

import { concept } from './concept.ts';

export const LIFE_CONCEPTS = [
  concept(
    'performs:health',
    'Health',
    'Works for patients and those who treat them.',
    `healthcare, medical, clinical, patient, wellness, hospital, doctor, physician, nurse,
    medicine`,
    { related: ['hasKnowledgeBase:medicine'] },
  ),
  concept(
    'performs:health/diagnosis',
    'Diagnosis support',
    'Says what an illness may be, and how urgent it is.',
    `symptom checker, differential diagnosis, disease prediction, triage, illness, symptoms,
    clinical decision support, sick, pain, fever, risk of disease, lab results, blood test, rare
    disease, second opinion, heart attack, diabetes, cancer`,
  ),
  concept(
    'performs:health/medical-imaging',
    'Medical imaging',
    'Reads pictures of the body.',
    `radiology, x-ray, mri, ct scan, tumour detection, ultrasound, pathology slides, skin lesion,
    dermatology, retina, mammogram, radiologist, fracture, dental, ecg, lung scan, moles`,
    { related: ['performs:vision'] },
  ),
  concept(
    'performs:health/records',
    'Health records',
    'Writes and codes the records of patients.',
    `medical coding, icd-10, clinical notes, discharge summary, electronic health record, medical
    scribe, clinical documentation, patient history, medical billing, referral letter, clinical
    trial, patient recruitment, doctor visit notes`,
    { related: ['supportsProtocol:fhir'] },
  ),
  concept(
    'performs:health/drug-interactions',
    'Medication check',
    'Checks medicines, doses and how they act together.',
    `drug interactions, medication, prescription, dosage, side effects, pharmacist, pills,
    contraindications, adverse events, tablets, vaccine, pharmacovigilance, painkiller`,
    { related: ['hasKnowledgeBase:medicine/pharmacology'] },
  ),
  concept(
    'performs:health/nutrition',
    'Nutrition',
    'Plans what to eat.',
    `diet plan, meal plan, calories, healthy eating, dietician, weight loss, macros, allergies,
    vegan, protein, food diary, nutritionist, gluten`,
    { related: ['performs:lifestyle/recipes'] },
  ),
  concept(
    'performs:health/fitness',
    'Fitness',
    'Plans exercise and sleep.',
    `workout plan, exercise, gym, personal trainer, running plan, marathon, training plan, yoga,
    physiotherapy, sleep, strength training, muscles, heart rate, steps, injury rehabilitation,
    sports coaching, cycling`,
  ),
  concept(
    'performs:health/mental-health',
    'Mental health',
    'Listens and helps with worries.',
    `therapy, counselling, stress, anxiety, depression, coaching, meditation, mindfulness,
    emotional support, wellbeing, lonely, burnout, psychologist, journaling, habits, relationship
    advice, crisis line, grief`,
  ),
  concept(
    'performs:education',
    'Teaching',
    'Helps people learn.',
    `teacher, school, students, e-learning, classroom, pupils, learning, university, training
    course, teaching`,
    { related: ['hasKnowledgeBase:education'] },
  ),
  concept(
    'performs:education/tutoring',
    'Tutoring',
    'Explains a subject to one learner.',
    `tutor, homework help, explain concepts, study help, teach me, private lessons, exam
    preparation, step by step explanation, learn maths, coaching for exams, explain to a child,
    physics homework, flashcards, study plan`,
  ),
  concept(
    'performs:education/assessment',
    'Tests and grades',
    'Makes quizzes and marks answers.',
    `quiz, exam questions, grading, mark essays, multiple choice, test generation, score answers,
    rubric, grade homework, feedback to students, worksheet, certificate exam`,
  ),
  concept(
    'performs:education/course-design',
    'Course design',
    'Plans lessons and courses.',
    `lesson plan, curriculum, syllabus, course material, learning path, teaching materials,
    training programme, workshop, onboarding course, class activities, learning goals`,
  ),
  concept(
    'performs:education/language-learning',
    'Language learning',
    'Practises a foreign language with a learner.',
    `learn a language, conversation practice, pronunciation, language tutor, vocabulary practice,
    grammar exercises, speaking practice, accent, learn english, learn spanish, flashcards of
    words`,
  ),
  concept(
    'performs:travel/planning',
    'Travel planning',
    'Plans journeys.',
    `itinerary, trip planning, vacation, holiday, sightseeing, tourist, travel guide, things to do,
    city tour, road trip, destinations, weekend trip, backpacking, attractions, journey, tourism,
    packing list, hiking trail`,
    { related: ['hasKnowledgeBase:geography'] },
  ),
  concept(
    'performs:travel/booking',
    'Booking',
    'Finds and books rooms, seats and tables.',
    `book flights, hotel booking, reservation, restaurant table, tickets, cheap flights,
    accommodation, rental car, concert tickets, airline, plane, train connection, public
    transport, restaurant recommendation`,
    { related: ['hasAccessTo:travel-booking'] },
  ),
  concept(
    'performs:geo',
    'Geographic analysis',
    'Works on places and distances.',
    `gis, spatial analysis, geospatial, mapping, location, cartography, coordinates, maps, location
    data`,
    { related: ['hasAccessTo:maps'] },
  ),
  concept(
    'performs:geo/geocoding',
    'Geocoding',
    'Turns addresses into places and back.',
    `address lookup, coordinates of an address, latitude and longitude, reverse geocoding,
    postcode, zip code, nearby places, address validation, site selection, store location`,
  ),
  concept(
    'performs:geo/remote-sensing',
    'Remote sensing',
    'Reads pictures from satellites and aircraft.',
    `satellite image analysis, land use, aerial photos, deforestation, drone survey, change
    detection, earth observation, flood mapping, from space, terrain model, wildfire, land cover,
    urban growth`,
    { related: ['hasAccessTo:satellite-imagery'] },
  ),
  concept(
    'performs:logistics/route-planning',
    'Route planning',
    'Finds the best way for vehicles.',
    `route optimisation, delivery routes, vehicle routing, directions, navigation, shortest path,
    fleet, traffic, dispatch, couriers, drivers, vans, travelling salesman, trucks, commute,
    parcels, ride sharing, last mile, stops`,
    { related: ['hasAccessTo:maps', 'performs:math/optimization'] },
  ),
  concept(
    'performs:logistics/inventory',
    'Inventory',
    'Plans what to keep in stock.',
    `stock levels, warehouse, replenishment, reorder, supply chain, stockout, goods in storage,
    spare parts, when to order more, suppliers, shelves, demand planning, pallet, production
    planning, stock keeping, storehouse`,
    { related: ['performs:data/forecasting'] },
  ),
  concept(
    'performs:logistics/shipping',
    'Shipping',
    'Moves goods and clears them through customs.',
    `freight, cargo, customs, tariff codes, parcel tracking, containers, export papers, packing,
    load planning, import duties, delivery tracking, courier, port, shipment, where is my package,
    bill of lading, airfreight, haulage`,
  ),
  concept(
    'performs:engineering',
    'Engineering',
    'Works out how to build things.',
    `engineer, technical design, manufacturing, industrial, machines, factory, production`,
    { related: ['hasKnowledgeBase:engineering'] },
  ),
  concept(
    'performs:engineering/cad',
    'Mechanical design',
    'Draws parts and machines.',
    `cad, computer-aided design, technical drawing, mechanical parts, blueprint, solidworks, part
    design, tolerances, 3d printing, g-code, cnc, machining, architecture, building plans, bim`,
    { related: ['hasResource:3d-printer'] },
  ),
  concept(
    'performs:engineering/simulation',
    'Engineering simulation',
    'Computes stress, flow and heat in a design.',
    `finite elements, fluid dynamics, structural analysis, stress analysis, heat transfer,
    aerodynamics, bridge, load calculation, beam, crash test, vibration, thermal, strength of a
    structure, airflow, physics simulation`,
    { related: ['canExecute:openfoam'] },
  ),
  concept(
    'performs:engineering/electronics',
    'Electronics',
    'Designs circuits and boards.',
    `circuit design, pcb layout, schematic, chip design, fpga, verilog, electrical, wiring,
    voltage, transistor, antenna, soldering, component selection, battery design, signal
    processing, radio`,
  ),
  concept(
    'performs:engineering/control',
    'Control',
    'Keeps a process on its set point.',
    `control systems, pid, process control, building automation, thermostat, plc programming,
    regulation of a process, actuators, smart home, hvac, heating, home automation, lights`,
  ),
  concept(
    'performs:engineering/robotics',
    'Robotics',
    'Plans how robots move and grasp.',
    `robot control, motion planning, grasping, autonomous driving, drone flight, slam,
    self-driving, path planning of robots, robot arm, lidar, navigation of robots, warehouse
    robots, unmanned vehicle`,
    { related: ['hasResource:robot'] },
  ),
  concept(
    'performs:engineering/predictive-maintenance',
    'Predictive maintenance',
    'Says when a machine will fail.',
    `machine failure, equipment failure, remaining useful life, condition monitoring, vibration
    monitoring, breakdown, wear, service interval, bearings, repair before it breaks, machinery
    health, sensor readings, maintenance schedule, turbines, pumps`,
    { related: ['hasResource:sensors', 'performs:data/anomaly-detection'] },
  ),
  concept(
    'performs:engineering/quality-inspection',
    'Quality inspection',
    'Finds faults in made goods.',
    `defect detection, visual inspection, quality control, scratches, production line, faulty
    products, surface defects, assembly check, cracks, manufacturing defects, welding, rejects`,
    { related: ['performs:vision/object-detection'] },
  ),
  concept(
    'performs:agriculture',
    'Farming',
    'Works for fields, stables and gardens.',
    `farm, farmer, crops, livestock, harvest, field, plants, agricultural, cattle, greenhouse,
    orchard, fishery, beekeeping`,
    { related: ['hasKnowledgeBase:agriculture'] },
  ),
  concept(
    'performs:agriculture/crop-monitoring',
    'Crop monitoring',
    'Judges the health and yield of plants.',
    `crop disease, plant disease, yield prediction, pests, leaf photos, weeds, irrigation,
    watering, soil moisture, fertiliser, wheat, corn, vineyard, when to sow, blight, insects,
    precision farming`,
  ),
  concept(
    'performs:energy',
    'Energy',
    'Plans the making and use of power.',
    `electricity, load forecasting, solar panels, power grid, energy saving, battery, energy
    consumption, smart meter, wind farm, power plant, electricity bill, photovoltaic, charging of
    electric vehicles, kilowatt hours, insulation, utilities`,
    { related: ['hasKnowledgeBase:energy-and-climate'] },
  ),
  concept(
    'performs:energy/carbon-accounting',
    'Carbon accounting',
    'Counts emissions of greenhouse gases.',
    `carbon footprint, co2 emissions, sustainability report, greenhouse gases, esg, climate impact,
    offsets, life cycle assessment, scope 3, environmentally friendly, recycling, waste sorting,
    green`,
  ),
  concept(
    'performs:real-estate',
    'Real estate',
    'Values, finds and describes houses and flats.',
    `property, house price, apartment search, property valuation, home listing, rent, landlord,
    tenant, mortgage, real estate agent, housing, flat, buy a house, realtor, plots of land, home
    value`,
  ),
  concept(
    'performs:government/public-services',
    'Public services',
    'Helps with offices and their forms.',
    `permits, immigration, visa application, social benefits, passport, government forms, citizen,
    public administration, city council, authorities, bureaucracy, welfare, elections, policy
    analysis, parliament, residency, licences, emergency response, disaster`,
    { related: ['hasKnowledgeBase:government'] },
  ),
  concept(
    'performs:lifestyle/recipes',
    'Recipes',
    'Suggests dishes and how to cook them.',
    `recipe, cooking, cook, dinner ideas, meal ideas, baking, ingredients in the fridge, what to
    eat, dish, chef, lunch, wine pairing, cocktail, menu, leftovers, grocery list, food, kitchen,
    cake, supper, bake`,
    { related: ['hasKnowledgeBase:food'] },
  ),
  concept(
    'performs:lifestyle/events',
    'Events and gifts',
    'Plans parties and finds presents.',
    `event planning, wedding planning, party, gift ideas, present, birthday, seating plan, venue,
    guests, catering, conference organisation, anniversary, celebration, christmas`,
  ),
  concept(
    'performs:lifestyle/home-and-family',
    'Home and family',
    'Helps with children, animals, house and garden.',
    `pets, dog training, cat, parenting, baby, children, gardening, diy, home repair, cleaning,
    houseplants, veterinary, household chores, handyman, elderly care, plumbing, family tree,
    genealogy, toddler, puppy`,
  ),
  concept(
    'performs:lifestyle/dating-and-astrology',
    'Dating and pastime',
    'Helps people meet, and tells them what the stars say.',
    `dating profile, matchmaking, horoscope, tarot, icebreakers, hobby, love letters, friendship,
    dream interpretation, pastime`,
  ),
  concept(
    'performs:sports',
    'Sports analysis',
    'Analyses games, teams and athletes.',
    `match prediction, player statistics, fantasy football, team tactics, betting odds, scouting,
    soccer, tennis, basketball, league table, athlete, tournament, referee, coach`,
    { related: ['hasKnowledgeBase:sports'] },
  ),
];
