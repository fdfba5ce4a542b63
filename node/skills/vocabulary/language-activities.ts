/** Terms of `performs` on language: understanding text, and writing it. @module */

import { concept } from './concept.ts';

export const LANGUAGE_CONCEPTS = [
  concept(
    'performs:nlp',
    'Language processing',
    'Works on text in a human language.',
    `natural language processing, text processing, text analytics, text mining, language
    understanding`,
  ),
  concept(
    'performs:nlp/sentiment',
    'Sentiment analysis',
    'Says whether a text speaks well or badly of its subject.',
    `tone analysis, opinion mining, emotion detection, polarity, mood of a text, positive or
    negative, how people feel, what customers think, attitude, happy or angry, satisfaction,
    complaints or praise, feelings, emotional tone, liked or disliked, favourable or critical,
    reviews`,
    { related: ['performs:marketing/customer-feedback'] },
  ),
  concept(
    'performs:nlp/summarization',
    'Summarization',
    'Makes a text shorter and keeps what matters.',
    `summary, summarise, shorten, condense, abstract, digest, key points, main points, gist, tldr,
    boil down, executive summary, abridge, in a nutshell, essentials, takeaways, long document in
    brief, synopsis, overview of a report, too long to read, recap`,
    { related: ['performs:office/meeting-minutes'] },
  ),
  concept(
    'performs:nlp/translation',
    'Translation',
    'Puts a text into another language.',
    `translate, machine translation, localization, interpreting, foreign language, multilingual,
    render into another language, english to german, from french, into spanish, chinese, japanese,
    arabic, language pair, bilingual, localise an app, subtitles in another language`,
    { related: ['hasKnowledgeBase:linguistics'] },
  ),
  concept(
    'performs:nlp/classification',
    'Text classification',
    'Puts texts into given classes.',
    `categorise, tag, label, sort into categories, routing, triage, topic assignment, document
    type, spam or not, intent detection, assign a category, which kind, pigeonhole, bucket
    messages`,
  ),
  concept(
    'performs:nlp/entity-extraction',
    'Entity extraction',
    'Finds names of people, places, firms and other things in a text.',
    `named entity recognition, ner, names and places, people and organisations mentioned, entity
    linking, who is mentioned, pull out names, dates and amounts, relation extraction, knowledge
    graph`,
  ),
  concept(
    'performs:nlp/keyword-extraction',
    'Keyword extraction',
    'Finds the words that say what a text is about.',
    `keywords, key phrases, important terms, index terms, glossary, terminology, topic modelling,
    topics, themes, subject headings`,
  ),
  concept(
    'performs:nlp/question-answering',
    'Question answering',
    'Answers questions from given texts.',
    `answer questions, q and a, retrieval augmented generation, rag, ask a document, faq bot, chat
    with pdf, reading comprehension, find the answer in manuals, knowledge base search, look up in
    documents`,
    { related: ['performs:nlp/semantic-search'] },
  ),
  concept(
    'performs:nlp/semantic-search',
    'Semantic search',
    'Finds the texts nearest in meaning.',
    `similarity search, document retrieval, vector search, find related documents, embeddings, text
    similarity, nearest passages, enterprise search, matching texts, find similar`,
  ),
  concept(
    'performs:nlp/proofreading',
    'Proofreading',
    'Corrects spelling, grammar and style.',
    `grammar check, spell check, spelling mistakes, copy editing, typos, punctuation, correct my
    text, language correction, fix errors in writing, edit an essay, polish wording, style guide`,
  ),
  concept(
    'performs:nlp/paraphrasing',
    'Rewriting',
    'Says the same in other words, for other readers.',
    `paraphrase, rephrase, reword, rewrite, plain language, simplify text, easy reading,
    readability, change the tone, jargon free, make understandable, simple words for laypeople,
    formal to informal, adapt style`,
  ),
  concept(
    'performs:nlp/chat',
    'Conversation',
    'Talks with a person in turns.',
    `chatbot, dialogue, virtual assistant, conversational agent, companion, small talk, talk to,
    answer chat messages`,
    { related: ['performs:business/customer-support'] },
  ),
  concept(
    'performs:nlp/anonymization',
    'Anonymization',
    'Removes what names or identifies a person.',
    `redact, redaction, pii removal, personal data, mask names, pseudonymise, de-identify, privacy,
    black out, hide identities, sensitive information, scrub`,
    { related: ['performs:legal/compliance'] },
  ),
  concept(
    'performs:nlp/fact-checking',
    'Fact checking',
    'Holds claims against sources.',
    `verify claims, misinformation, fake news, hoax, truth, debunk, check sources, is it true,
    credibility, rumours, false statements, citations check, disinformation`,
    { related: ['performs:research/web-research'] },
  ),
  concept(
    'performs:nlp/content-moderation',
    'Content moderation',
    'Finds posts that break the rules of a community.',
    `toxicity, hate speech, abusive comments, offensive language, harassment, nsfw, unsafe content,
    insults, bullying, profanity, flag posts, inappropriate content, trolls`,
  ),
  concept(
    'performs:nlp/plagiarism-detection',
    'Plagiarism detection',
    'Finds text that was taken from elsewhere.',
    `plagiarism, copied text, originality, duplicate content, ai-written text detection,
    authorship, stolen passages, cheating in essays, who wrote it`,
  ),
  concept(
    'performs:nlp/language-detection',
    'Language detection',
    'Says in which language a text is.',
    `language identification, which language, detect language, recognise the language`,
  ),
  concept(
    'performs:nlp/poetry',
    'Poetry',
    'Writes verse.',
    `poem, verse, rhyme, haiku, sonnet, limerick, song lyrics, lyrics, rhyming`,
    { related: ['performs:writing/creative'] },
  ),
  concept(
    'performs:text/upper',
    'Upper case',
    'Puts a text into capital letters.',
    `upper case, uppercase, capital letters, capitals, change case`,
  ),
  concept(
    'performs:writing',
    'Writing',
    'Writes text for a purpose.',
    `write, author, text generation, ghostwriting, draft, content creation, compose text,
    wordsmith`,
  ),
  concept(
    'performs:writing/creative',
    'Creative writing',
    'Writes stories and other fiction.',
    `story, short story, fiction, novel, plot, characters, fairy tale, bedtime story, screenplay,
    script, narrative, storytelling, dialogue for a play, scene, worldbuilding, jokes, humour`,
  ),
  concept(
    'performs:writing/copywriting',
    'Copywriting',
    'Writes text that sells.',
    `advertising copy, ad copy, slogan, tagline, product description, sales text, landing page
    text, blurb, headline, catchy, catalogue text, promotional text, newsletter, webshop listing
    text`,
    { related: ['performs:marketing'] },
  ),
  concept(
    'performs:writing/articles',
    'Articles',
    'Writes articles and blog posts.',
    `blog post, blog, article, journalism, essay, column, editorial, press release, feature story,
    report writing, content writing, news story`,
  ),
  concept(
    'performs:writing/technical',
    'Technical writing',
    'Writes manuals and instructions.',
    `user manual, instructions, how-to guide, documentation, handbook, tutorial, help pages,
    knowledge base article, specification, standard operating procedure, white paper, release
    notes`,
    { related: ['performs:coding/documentation'] },
  ),
  concept(
    'performs:writing/letters',
    'Letters',
    'Writes letters, mails and speeches.',
    `email drafting, reply to a letter, business correspondence, complaint letter, invitation,
    thank-you note, greeting, speech, toast, eulogy, wedding speech, cover note, polite reply,
    condolence`,
  ),
  concept(
    'performs:writing/resume',
    'Job applications',
    'Writes résumés and cover letters.',
    `resume, cv, curriculum vitae, cover letter, job application, linkedin profile, apply for a
    job, career profile`,
    { related: ['performs:business/recruiting'] },
  ),
  concept(
    'performs:writing/grant-proposals',
    'Proposals',
    'Writes applications for grants and bids for tenders.',
    `grant application, funding proposal, tender, rfp response, bid, research funding, nonprofit
    fundraising, donors, charity appeal, proposal writing`,
  ),
  concept(
    'performs:writing/naming',
    'Naming',
    'Finds names for firms, products or children.',
    `brand name, company name, product name, domain name, name ideas, baby names, what to call it`,
  ),
];
