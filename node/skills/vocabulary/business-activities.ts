/** Terms of `performs` for money, law, firms, trade and offices. @module */

import { concept } from './concept.ts';

export const BUSINESS_CONCEPTS = [
  concept(
    'performs:finance',
    'Finance',
    'Works on money and what it is put into.',
    `financial services, financial analysis, money, investing, banking, investment, fintech`,
    { related: ['hasKnowledgeBase:finance'] },
  ),
  concept(
    'performs:finance/portfolio-optimization',
    'Portfolio optimization',
    'Divides money over assets for return and risk.',
    `asset allocation, investment portfolio, mean-variance, rebalance, diversification, markowitz,
    how to spread savings, fund weights, robo-advisor, mix of stocks and bonds, where to put my
    money, retirement savings, holdings`,
    { related: ['hasAccessTo:market-data'] },
  ),
  concept(
    'performs:finance/risk-assessment',
    'Financial risk assessment',
    'Says how much an investment may lose.',
    `value at risk, expected shortfall, stress test, market risk, credit risk, exposure, downside,
    potential losses, hedging, worst case loss, volatility, counterparty risk, how much could we
    lose`,
  ),
  concept(
    'performs:finance/document-analysis',
    'Financial document analysis',
    'Reads financial reports and takes out their figures.',
    `annual report, earnings report, financial statements, balance sheet, income statement, 10-k,
    quarterly results, earnings call, profit and loss, prospectus, revenue figures, ratios,
    filings`,
    { related: ['performs:data/extraction'] },
  ),
  concept(
    'performs:finance/fraud-detection',
    'Fraud detection',
    'Finds payments and claims that deceive.',
    `fraud, fraudulent transactions, money laundering, aml, suspicious payments, chargebacks,
    stolen cards, card fraud, fake claims, embezzlement, swindle, dodgy transactions`,
    { related: ['performs:data/anomaly-detection'] },
  ),
  concept(
    'performs:finance/credit-scoring',
    'Credit scoring',
    'Says how likely a borrower pays back.',
    `loan approval, creditworthiness, default prediction, lending decision, borrower, mortgage
    application, underwriting, repayment, loan, debt, bankruptcy risk`,
  ),
  concept(
    'performs:finance/bookkeeping',
    'Bookkeeping',
    'Records what a firm earns and spends.',
    `accounting, ledger, reconcile accounts, expense tracking, bank statements, expenses, journal
    entries, receipts, books, categorise transactions, expense report, audit, closing of the month`,
    { related: ['hasKnowledgeBase:accounting'] },
  ),
  concept(
    'performs:finance/invoicing',
    'Invoicing',
    'Writes, checks and chases invoices.',
    `invoice, billing, accounts payable, accounts receivable, bills, payment reminders, dunning,
    overdue payments, payroll, wages, salary payment, purchase orders matching`,
  ),
  concept(
    'performs:finance/tax',
    'Tax',
    'Works out taxes and fills in returns.',
    `tax return, tax filing, deductions, vat, income tax, tax advice, tax declaration, irs,
    withholding, duties, write-offs`,
    { related: ['hasKnowledgeBase:law/tax'] },
  ),
  concept(
    'performs:finance/budgeting',
    'Budgeting',
    'Plans what comes in and goes out.',
    `budget, cash flow, financial planning, personal finance, household money, savings plan,
    spending, cost planning, pension, cost estimate, monthly expenses, debt payoff`,
  ),
  concept(
    'performs:finance/trading',
    'Trading',
    'Finds and makes trades on a market.',
    `algorithmic trading, trading strategy, buy and sell signals, backtesting, stock picking,
    technical indicators, stock market, shares, crypto trading, currency, forex, arbitrage, price
    movements, options`,
    { related: ['hasAccessTo:market-data'] },
  ),
  concept(
    'performs:finance/valuation',
    'Valuation',
    'Says what a firm or an asset is worth.',
    `company valuation, discounted cash flow, what is it worth, appraisal, pricing of bonds, option
    pricing, derivatives, startup worth, fair value, financial model, mergers and acquisitions`,
  ),
  concept(
    'performs:finance/due-diligence',
    'Due diligence',
    'Looks into a firm before a contract.',
    `background check on a company, vendor assessment, know your customer, sanctions screening,
    investor research, acquisition target, ownership structure, supplier check, esg rating`,
    { related: ['hasAccessTo:company-register'] },
  ),
  concept(
    'performs:insurance/claims',
    'Insurance',
    'Handles claims and prices policies.',
    `insurance claims, claim handling, policy, damage assessment, actuarial, premium, coverage, car
    accident damage, insurer, adjuster, underwriting of risks, reimbursement`,
  ),
  concept(
    'performs:legal',
    'Legal work',
    'Works on contracts, cases and rules.',
    `legal services, legal advice, law firm, attorney, lawyer, paralegal, counsel`,
    { related: ['hasKnowledgeBase:law'] },
  ),
  concept(
    'performs:legal/contract-review',
    'Contract review',
    'Finds what is risky in a contract.',
    `contract analysis, clauses, terms and conditions, nda, agreement, risky clauses, obligations,
    lease, liability, fine print, employment contract, red flags in an agreement, license terms,
    before signing, rental agreement, vendor agreement`,
  ),
  concept(
    'performs:legal/drafting',
    'Legal drafting',
    'Writes contracts and other legal texts.',
    `draft a contract, privacy policy, terms of service, last will, legal documents, contract
    templates, articles of association, pleading, power of attorney, legal letter`,
  ),
  concept(
    'performs:legal/research',
    'Legal research',
    'Finds the statutes and cases that matter.',
    `case law search, precedent, court decisions, statutes, legal question, rulings, judgments,
    litigation, lawsuit, e-discovery, legal opinion`,
  ),
  concept(
    'performs:legal/compliance',
    'Compliance',
    'Checks whether rules are kept.',
    `regulatory compliance, gdpr, hipaa, policy check, audit, regulation, iso standard, rules
    violations, governance, sox, data protection, checklist of requirements, regulatory changes,
    accessibility rules, conformity`,
  ),
  concept(
    'performs:legal/patent-search',
    'Patents',
    'Searches and writes patents.',
    `patent search, prior art, intellectual property, patent application, trademark, copyright,
    invention, novelty search, brand infringement`,
    { related: ['hasAccessTo:patents'] },
  ),
  concept(
    'performs:business',
    'Business',
    'Works for the running of a firm.',
    `management, consulting, corporate, company, enterprise, entrepreneur, startup`,
  ),
  concept(
    'performs:business/customer-support',
    'Customer support',
    'Answers customers and solves their troubles.',
    `customer service, help desk, support tickets, call centre, complaints, refunds, answer
    customers, inquiries, service desk, returns, contact centre, unhappy buyers, reply to
    customers, ticket routing`,
  ),
  concept(
    'performs:business/sales',
    'Sales',
    'Finds buyers and talks to them.',
    `lead generation, prospects, crm, cold outreach, sales pipeline, lead scoring, qualify leads,
    potential customers, deals, pitch, churn, customer retention, upsell, client acquisition,
    cancel subscription`,
  ),
  concept(
    'performs:business/recruiting',
    'Recruiting',
    'Finds and chooses people for a job.',
    `hiring, job candidates, resume screening, cv screening, applicants, talent, interview
    questions, job description, job posting, shortlist, human resources, hr, vacancy, headhunting,
    onboarding, employees, staff, performance review`,
  ),
  concept(
    'performs:business/strategy',
    'Strategy',
    'Plans where a firm should go.',
    `business plan, competitor analysis, swot, business model, strategic planning, market entry,
    feasibility, roadmap, brainstorming, ideas, decision support, competition, rivals`,
    { related: ['performs:marketing/market-research'] },
  ),
  concept(
    'performs:business/project-management',
    'Project management',
    'Plans work and follows it.',
    `project plan, gantt, milestones, task tracking, sprint planning, work breakdown, deadlines,
    status report, agile, team coordination, backlog, to-do list, user stories, timeline, risk
    register`,
  ),
  concept(
    'performs:business/procurement',
    'Procurement',
    'Buys what a firm needs.',
    `purchasing, supplier selection, sourcing, vendor comparison, quotes from suppliers, buying,
    negotiate prices, negotiation, tenders, price comparison, cheapest offer, bargain, spend
    analysis`,
  ),
  concept(
    'performs:business/pricing',
    'Pricing',
    'Sets prices of goods and services.',
    `dynamic pricing, price optimisation, revenue management, price setting, discounts, what to
    charge, price elasticity, tariffs, markdown`,
  ),
  concept(
    'performs:business/e-commerce',
    'E-commerce',
    'Runs a shop on the web.',
    `online shop, webshop, product catalogue, amazon listing, marketplace listings, shopping cart,
    online store, product data, retail, merchandise, orders, product matching, shopping assistant`,
  ),
  concept(
    'performs:marketing',
    'Marketing',
    'Makes things known to those who may buy them.',
    `advertising, promotion, publicity, branding, campaign, public relations, brand`,
  ),
  concept(
    'performs:marketing/campaigns',
    'Campaigns',
    'Plans and places advertising.',
    `ad campaign, google ads, targeting, email marketing, media buying, banner ads, click-through
    rate, conversion rate, ad spend, audience, advertisement, newsletter campaign, commercial`,
  ),
  concept(
    'performs:marketing/seo',
    'Search engine optimization',
    'Makes pages easy to find.',
    `seo, search ranking, backlinks, keyword research, google ranking, meta descriptions, organic
    traffic, search visibility, site audit`,
  ),
  concept(
    'performs:marketing/social-media',
    'Social media',
    'Writes and plans posts on social networks.',
    `social media posts, hashtags, community management, influencer, tweets, instagram captions,
    content calendar, followers, viral, engagement, linkedin post`,
    { related: ['hasAccessTo:social-media'] },
  ),
  concept(
    'performs:marketing/market-research',
    'Market research',
    'Finds out about buyers, needs and rivals.',
    `consumer research, survey, target group, industry report, trend research, competitor prices,
    market size, focus group, buyer personas, questionnaire, consumer behaviour`,
  ),
  concept(
    'performs:marketing/customer-feedback',
    'Customer feedback',
    'Sums up what customers say.',
    `product reviews, voice of the customer, feedback analysis, ratings, nps, testimonials, user
    comments, survey answers, feature requests, what buyers dislike`,
    { related: ['performs:nlp/sentiment'] },
  ),
  concept(
    'performs:office/meeting-minutes',
    'Meeting minutes',
    'Writes down what a meeting decided.',
    `meeting notes, minutes, action items, meeting summary, call notes, transcript summary,
    protocol of a meeting, decisions taken, follow-ups, who promised what`,
    { related: ['performs:audio/transcription', 'performs:nlp/summarization'] },
  ),
  concept(
    'performs:office/scheduling',
    'Scheduling',
    'Finds times for meetings and shifts.',
    `appointments, calendar management, book a meeting, shift planning, rota, timetable, roster,
    reminders, find a free slot, time zones, staff schedule, personal assistant, availability`,
    { related: ['hasAccessTo:calendar'] },
  ),
  concept(
    'performs:office/email-triage',
    'Mail handling',
    'Sorts and answers mail.',
    `email management, inbox zero, sort emails, mail sorting, auto-reply, prioritise messages,
    unsubscribe, unread mail, inbox`,
    { related: ['hasAccessTo:email'] },
  ),
  concept(
    'performs:office/presentations',
    'Presentations',
    'Makes slides.',
    `slides, slide deck, powerpoint, pitch deck, keynote, present results, talk preparation,
    poster`,
  ),
  concept(
    'performs:office/document-conversion',
    'Document conversion',
    'Turns documents from one form into another.',
    `pdf conversion, word to pdf, docx, merge pdfs, markdown, file conversion, layout, formatting
    documents, e-book, fill pdf forms, split pages, templates, mail merge`,
    { related: ['canExecute:latex'] },
  ),
  concept(
    'performs:office/file-organization',
    'File organization',
    'Names, sorts and finds files.',
    `organise files, rename files, folders, document management, archive, filing, photo library,
    duplicate files, records management`,
  ),
  concept(
    'performs:office/data-entry',
    'Data entry',
    'Types data into systems.',
    `typing, enter data, manual entry, copy into a spreadsheet, clerical work, transcribe forms,
    administrative work, secretary`,
  ),
];
