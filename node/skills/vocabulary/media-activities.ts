/** Terms of `performs` on pictures, sound, film, design and games. @module */

import { concept } from './concept.ts';

export const MEDIA_CONCEPTS = [
  concept(
    'performs:vision',
    'Computer vision',
    'Works on pictures.',
    `image processing, image analysis, pictures, photos, image understanding, visual, photographs`,
  ),
  concept(
    'performs:vision/ocr',
    'Character recognition',
    'Reads text in pictures.',
    `ocr, optical character recognition, scanned documents, handwriting, text in images, digitise
    paper, scan, read a photo of text, handwritten notes, image to text, licence plates, business
    cards, paper forms, old letters`,
    { related: ['canExecute:tesseract'] },
  ),
  concept(
    'performs:vision/object-detection',
    'Object detection',
    'Finds and counts things in pictures.',
    `detect objects, count objects, locate items, find people in images, bounding box, tracking,
    cars in a photo, how many things, vehicle detection, pedestrians, shelf monitoring, spot in
    footage, counting, traffic counting, surveillance`,
  ),
  concept(
    'performs:vision/image-classification',
    'Image classification',
    'Says what a picture shows.',
    `image recognition, recognise what is in a photo, identify plants, visual classification, photo
    tagging, visual search, identify animals, reverse image search, image similarity, kind of
    object`,
  ),
  concept(
    'performs:vision/captioning',
    'Image description',
    'Says in words what a picture shows.',
    `image captioning, alt text, describe a picture, describe photos, visual question answering,
    blind users, screen reader, accessibility, caption`,
  ),
  concept(
    'performs:vision/segmentation',
    'Image segmentation',
    'Marks which pixels belong to what.',
    `background removal, cut out, mask, semantic segmentation, remove the background, outline
    objects, pixel labels, product photo cut-out, transparent background`,
  ),
  concept(
    'performs:vision/face-recognition',
    'Face recognition',
    'Finds and compares faces and bodies.',
    `facial recognition, faces, identity check by photo, pose estimation, gesture, biometric, blur
    faces, emotion in faces, eye tracking, fingerprint, body movement, sign language, deepfake`,
  ),
  concept(
    'performs:vision/image-generation',
    'Image generation',
    'Makes pictures from words.',
    `text to image, generate pictures, illustration, draw, artwork, paint, picture from a
    description, concept art, portrait, avatar, cartoon, sketch, drawing, book cover, art, icons,
    stickers`,
    { related: ['canExecute:stable-diffusion'] },
  ),
  concept(
    'performs:vision/image-editing',
    'Image editing',
    'Changes and mends pictures.',
    `photo retouching, photo restoration, upscale, super-resolution, colourise, crop, enhance
    photos, inpainting, sharpen, old photos, black and white photo, blurry, photoshop, remove
    scratches, resize, watermark, brighten, style transfer`,
  ),
  concept(
    'performs:audio',
    'Audio processing',
    'Works on sound.',
    `sound processing, audio analysis, audio files, voice, speech processing, recordings,
    acoustics`,
  ),
  concept(
    'performs:audio/transcription',
    'Transcription',
    'Writes down what is said.',
    `speech recognition, speech to text, transcribe, transcript, dictation, write down interviews,
    voice notes, audio to text, recorded call, podcast transcript, captions, voicemail, spoken
    words, court recording`,
    { related: ['canExecute:whisper'] },
  ),
  concept(
    'performs:audio/text-to-speech',
    'Speech synthesis',
    'Reads text aloud.',
    `text to speech, tts, voice over, narration, audiobook, read aloud, voice cloning, synthetic
    voice, spoken version, narrator, voice generation, announcer, listen to an article`,
  ),
  concept(
    'performs:audio/speaker-identification',
    'Speaker identification',
    'Says who speaks when.',
    `speaker diarization, who is speaking, voice recognition, voice biometrics, tell speakers
    apart, voiceprint, speaker recognition`,
  ),
  concept(
    'performs:audio/sound-classification',
    'Sound classification',
    'Says what made a sound.',
    `sound recognition, audio event detection, bird song, animal sounds, noise detection, cough,
    engine noise, gunshot, alarm sound, acoustic monitoring, hear`,
  ),
  concept(
    'performs:audio/enhancement',
    'Sound editing',
    'Cleans, mixes and cuts sound.',
    `noise reduction, background noise, audio restoration, mastering, mixing, denoise, remove hum,
    podcast editing, stem separation, isolate vocals, sound quality, loudness, echo`,
  ),
  concept(
    'performs:audio/music-generation',
    'Music',
    'Makes and reads music.',
    `compose music, songwriting, melody, soundtrack, background music, beats, chords, jingle, sheet
    music, song, tune, midi, instrumental, music theory, music transcription, genre, tempo,
    harmony, composer, band`,
  ),
  concept(
    'performs:video',
    'Video processing',
    'Works on film.',
    `video, footage, clips, film, movie clips, recordings, camera footage, video analysis`,
  ),
  concept(
    'performs:video/editing',
    'Video editing',
    'Cuts and joins film.',
    `cut video, trim, highlight reel, montage, short clips, video compression, transitions,
    stabilise, youtube video, reels, colour grading, splice, trailer, vlog`,
    { related: ['canExecute:ffmpeg'] },
  ),
  concept(
    'performs:video/subtitling',
    'Subtitles',
    'Writes subtitles and dubs film.',
    `subtitles, captions, closed captions, dubbing, srt, lip sync, timed text, foreign film,
    hearing impaired, deaf`,
    { related: ['performs:audio/transcription', 'performs:nlp/translation'] },
  ),
  concept(
    'performs:video/generation',
    'Video generation',
    'Makes film from words or pictures.',
    `text to video, animation, explainer video, animated clip, talking head, avatar video, motion
    graphics, cartoon film, storyboard`,
  ),
  concept(
    'performs:video/understanding',
    'Video understanding',
    'Says what happens in a film.',
    `video summarisation, action recognition, scene detection, activity recognition, security
    camera, cctv, lecture summary, find a moment, sports analysis, surveillance footage, chapters,
    match video`,
  ),
  concept(
    'performs:design',
    'Design',
    'Gives things their form.',
    `graphic design, designer, visual design, creative design, layout, typography, aesthetics`,
  ),
  concept(
    'performs:design/ui',
    'Interface design',
    'Designs how programs look and are used.',
    `user interface, ux, user experience, wireframe, mockup, figma, usability, prototype, screen
    design, app design, user research, accessibility audit, colour contrast`,
  ),
  concept(
    'performs:design/branding',
    'Logos and layouts',
    'Designs logos, flyers and packages.',
    `logo design, logo, corporate identity, flyer, brochure, poster, packaging design, business
    card design, colour palette, banner, fonts, menu design, label design`,
  ),
  concept(
    'performs:design/interior',
    'Interior design',
    'Plans rooms and gardens.',
    `interior decoration, furniture, room layout, home decor, floor plan, kitchen planning,
    renovation, living room, garden design, paint colours, landscaping, home staging, remodelling`,
  ),
  concept(
    'performs:design/fashion',
    'Fashion',
    'Designs and chooses clothes.',
    `clothing, outfit, style advice, garments, wardrobe, dress, what to wear, try on, apparel,
    textile, sewing, knitting pattern, shoes, makeup, beauty, hairstyle, cosmetics`,
  ),
  concept(
    'performs:design/3d-modelling',
    '3D modelling',
    'Makes models and scenes in three dimensions.',
    `3d model, mesh, texture, rendering, character model, 3d scene, photogrammetry, point cloud,
    virtual reality, augmented reality, vr, visualise a building, game assets`,
    { related: ['canExecute:blender'] },
  ),
  concept(
    'performs:games',
    'Games',
    'Designs and plays games.',
    `game design, gaming, chess, board game, video game, level design, game master, role playing
    game, puzzle, npc, sudoku, crossword, go, dungeon, quest, poker, trivia, strategy game,
    riddles, opponent, quiz night`,
  ),
];
