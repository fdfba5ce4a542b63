/**
 * Words of people who have the problem that a skill solves and do not know its name, for
 * money, law, business and the office. See `lay-words.ts`.
 *
 * @module
 */

/** One concept of the vocabulary a line, its own words first; an indented line goes on. */
export const LAY_BUSINESS_WORDS = `
portfolio optimization, asset allocation, diversify, shares, bonds, nest egg, savings,
  inheritance, invest, etf, funds, all eggs in one basket, lump sum, where to put money, depot,
  stocks mix, retire, wealth, windfall, return, rebalance, nervous investor, piggy bank
financial risk assessment, value at risk, volatility, lose money, crash, worst case,
  safe investment, exposure, drawdown, stress test, gamble, downside, hedge, bankrupt,
  danger of loss, recession, risky bet, default, how much could I lose, interest rise,
  bank failure, pension fund
financial document analysis, annual report, balance sheet, earnings call, income statement,
  quarterly, filing, shareholder letter, footnotes, profit, turnover, debt,
  figures of the company, ratio, ebitda, 10-k, prospectus, stock company, half-year, key numbers,
  margins, cash position
fraud detection, scam, stolen card, fake claim, money laundering, swindle, cheat, chargeback,
  suspicious payment, embezzle, card used abroad, con man, shady, counterfeit, bogus,
  double refund, skimming, impostor, dishonest, crook, returns abuse, mule, forged receipts
credit scoring, creditworthiness, borrower, lend, loan, pay back, repay, default,
  mortgage applicant, tenant reliable, lender, debtor, installment, buy on credit, bad debt,
  lend my brother, credit rating, overdue history, microcredit, guarantor, defaulter, solvency
bookkeeping, ledger, accounts, receipts, shoebox, debit, bank statement, cash book, reconcile,
  posting, accountant, expenses, club treasurer, self-employed, petty cash, voucher, entries,
  books in order, datev, quickbooks, vouchers pile, till roll, year end, treasurer, ins and outs
invoicing, invoice, bill, overdue, unpaid, dunning, reminder, payment due, charge customer,
  accounts receivable, billing, customer will not pay, purchase order match, hours billed,
  tradesman, plumber, owed, send the bill, craftsman, freelancer, late payers, quote, estimate,
  receivables
tax, tax return, vat, income tax, deduct, deduction, refund from the state, tax office, allowance,
  write off, commuter, levy, duty, self assessment, filing, withholding, irs, hmrc, taxman,
  sales tax, home office, wage slip, inheritance tax, freelancers, declare
budgeting, household budget, spending, pocket money, save up, where does my money go, salary gone,
  outgoings, monthly costs, make ends meet, allowance, debt, overdraft, broke, expenses plan,
  wedding cost, paycheck, rent and food, thrifty, end of the month, groceries cost,
  holiday savings, afford
trading, order, buy and sell, stock market, exchange, bitcoin, backtest, strategy, broker,
  chart signals, arbitrage, forex, day trader, short, bull, bear, price alert, market maker,
  futures, dip, candlestick, options, speculate, ticker, limit order, commodities
valuation, appraise, worth, sell my company, price of a business, discounted cash flow, multiples,
  dcf, fair value, sell the bakery, takeover, goodwill, heir, business partner out, startup value,
  shares overpriced, antiques, succession, stake, buy out, handing over the firm, practice value,
  overpriced
due diligence, background check, acquire, takeover, vet, reputable, skeletons, data room,
  investor, before I sign, trustworthy company, shareholder, supplier real, letterbox, red flags,
  hidden debts, lawsuits, franchise, buying a business, merger, acquisition, owners, shady firm
insurance, claim, policy, premium, damage, accident, storm damage, burst pipe, liability, hail,
  insurer, stolen bicycle, theft, adjuster, cover, dented, underwriter, actuary, water damage,
  broken window, insured, compensation, whiplash, hit-and-run, travel cancellation, deductible,
  burst
contract review, clause, small print, fine print, before signing, lease, tenancy,
  rental agreement, nda, terms, notice period, liability, pitfalls, trap, employment contract,
  gym membership, sign, one-sided, loopholes, unfair, penalty, cancel, landlord demands,
  mobile contract, binding, catches, membership
legal drafting, draft contract, last will, testament, power of attorney, agreement,
  terms and conditions, privacy policy, bylaws, statutes, deed, notice, rental contract, prenup,
  imprint, waiver, loan between friends, cease and desist, lawyer, notary, disclaimer, watertight,
  heirs, legal letter, covenant
legal research, case law, statute, precedent, court ruling, judgment, paragraph, lawyer, attorney,
  sue, my rights, am I allowed, allowed, illegal, neighbour dispute, hedge, evict, dismissed,
  verdict, appeal, lawsuit, judges decided, fence, entitled, barrister, fired unfairly,
  speeding fine
compliance, gdpr, regulation, audit, rules kept, money laundering, kyc, iso, policy, inspector,
  hygiene rules, cookie banner, requirement, certification, obligation, law requires, fine,
  sanctions, supervisory, hipaa, authority, data protection officer, forbidden, fire safety,
  checklists, conform, laundering
patents, patent search, prior art, invention, inventor, claims, already invented, tinkerer,
  novelty, freedom to operate, trademark, intellectual property, copied my idea, protect idea,
  gadget, garage, patent office, infringe, filing, utility model, new device,
  someone else invented, licence
customer support, helpdesk, ticket, complaint, caller, refund, hotline, where is my order,
  angry customer, return, service desk, live chat, shop questions, warranty, customers ask,
  support mail, opening hours, faq, reply to customers, after sales, inquiries, cancellation,
  call centre, same questions
sales, lead, prospect, cold call, crm, quote, offer, pitch, closing, find customers, new clients,
  deal, salesman, follow up, sell more, outreach, contacts, upsell, funnel, door to door,
  representative, negotiate, rep, decision maker, win clients, buyers wanted, trade fair,
  appointment
recruiting, candidate, applicant, hire, vacancy, job ad, interview, cv screening, staff wanted,
  personnel, headhunt, talent, employees, cook wanted, nurse needed, fill position, shortlist, hr,
  skilled worker, understaffed, apprentice, waiter, application pile, onboarding, new colleague,
  workforce
strategy, business plan, swot, vision, growth, competition, business model, new branch, expand,
  where to go, five years, shrinking, startup, consultant, market entry, open a shop,
  found a company, mission, business idea, decide direction, pivot, boardroom, roadmap, cafe plan,
  survive, diversify
project management, milestone, gantt, deadline, task board, schedule, behind schedule, overrun,
  scrum, backlog, team tasks, jira, kanban, building site, move house, renovation plan, foreman,
  sprint, late, status report, dependencies, site manager, deliverable, stakeholders, construction
procurement, purchasing, supplier, vendor, quotation, buy cheaper, offers compared, tender,
  wholesale, order materials, bulk, rfq, sourcing, find manufacturer, office supplies, screws,
  purchase, chairs, buyer, raw material, best deal, catering supplier, coffee machine, stationery,
  negotiate
pricing, price, how much to charge, discount, markup, margin, hourly rate, dynamic pricing,
  too expensive, too cheap, ask for, price list, elasticity, fee, tariff, haircut,
  charge per night, subscription, rate, rental fee, handmade, undercut, price tag, craft market,
  willing to pay, raise prices
e-commerce, online shop, webshop, product listing, cart, checkout, shopify, ebay, amazon, etsy,
  seller, store, product photos, sell online, marketplace, parcel, abandoned basket, merchant,
  catalogue, second-hand, returns, handmade jewellery, article number, assortment, sell old stuff,
  storefront
campaigns, advertising, adverts, ads, google ads, facebook ads, banner, target group, budget,
  poster, commercial, clicks, reach, billboard, promotion, launch, flyers, audience, spots,
  media plan, open day, newsletter blast, impressions, advertise, attract customers, radio,
  ad money, coupons
search engine optimization, seo, ranking, google, first page, keywords, backlink, meta,
  nobody finds site, traffic, visibility, search results, page two, organic, visitors, findable,
  sitemap, snippet, rank higher, google does not show, serp, appear on top, competitor above us,
  indexed
social media, post, instagram, facebook, tiktok, tweet, followers, likes, hashtag, linkedin,
  story, reel, influencer, viral, community, feed, content calendar, youtube, caption, profile,
  more likes, subscribers, posting, threads, pinterest, engage, trending
market research, survey, target group, competitors, rivals, demand, who would buy, trend,
  focus group, customers want, market size, niche, questionnaire, consumer, shoppers, persona,
  is there a market, passers-by, competition nearby, poll, segment, before opening, industry,
  potential, neighbourhood
customer feedback, reviews, ratings, stars, complaints, satisfaction, survey answers, nps,
  comments, guests say, suggestion box, voice of customer, what do they dislike, trustpilot,
  themes, hotel guests, diners, praise, most common complaint, app store reviews, wishes,
  feedback forms, patients say
meeting minutes, protocol, notes, action items, decisions, agenda, board, assembly, who promised,
  recorded meeting, zoom, secretary, discussed, attendees, resolution, committee, owners meeting,
  chaired, general meeting, follow-up tasks, jot down, call notes, agreed, parents evening,
  missed the meeting
scheduling, appointment, timetable, roster, shift, calendar, rota, find a date, doodle,
  availability, book a slot, duty plan, free evening, shift plan, nurses shifts, reschedule,
  double booked, time zones, holidays clash, when everyone can, practice, volunteers, staff plan,
  meet up, vacation, clash
mail handling, inbox, overflowing, unread, sort mail, reply, important mail, newsletters, junk,
  spam, email flood, folder, auto reply, urgent mail, forward, mailbox, swamped, unsubscribe,
  answer emails, postbox, hundred emails, messages pile up, back from holiday, prioritise,
  outlook, hundreds
presentations, slides, powerpoint, keynote, talk, lecture, deck, pitch deck, speaker notes,
  bullet, beamer, projector, handout, audience, slideshow, present to the board, conference,
  flip chart, defend thesis, animation, stage, seminar, template, google slides, visuals
document conversion, pdf, word, docx, markdown, scan, epub, convert file, latex, print, editable,
  merge pdf, fillable, open office, html, pages, ebook, kindle, pdf to word, layout lost,
  split pdf, compress, typewritten, export as, rtf, cannot edit, old wordperfect, booklet
file organization, rename, folders, sort files, duplicate photos, chaos, desktop full, archive,
  tidy up computer, find document, naming, scans, downloads, directory, thousands of files,
  photo collection, messy drive, ten years of photos, dropbox, filing, same file twice, clutter,
  sort pictures by date
data entry, type in, typing, keyboard, enter, forms, fill in, copy into the system, paper cards,
  index cards, business cards, retype, handwritten lists, crm entry, key in, clerk,
  registration cards, records, membership forms, questionnaires, paper to computer,
  catalogue entries, tedious, secretary
`;
