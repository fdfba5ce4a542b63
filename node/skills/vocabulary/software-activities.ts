/** Terms of `performs` on programs, machines that run them, and their safety. @module */

import { concept } from './concept.ts';

export const SOFTWARE_ACTIVITY_CONCEPTS = [
  concept(
    'performs:coding',
    'Programming',
    'Works on source code.',
    `software development, software engineering, coding, developer, programmer, source code,
    codebase, application development`,
    { related: ['hasKnowledgeBase:software'] },
  ),
  concept(
    'performs:coding/generation',
    'Code generation',
    'Writes programs from a description.',
    `write code, write a program, code completion, implement a function, script writing, build an
    app, boilerplate, implement a feature, scaffold, turn a specification into code, pair
    programming, write a script`,
  ),
  concept(
    'performs:coding/review',
    'Code review',
    'Reads changes of a program and says what is wrong.',
    `pull request review, merge request, static analysis, lint, code quality, code audit, look over
    my code, code smells, diff, feedback on code, best practices`,
  ),
  concept(
    'performs:coding/debugging',
    'Debugging',
    'Finds and mends faults in programs.',
    `fix bugs, bug fixing, stack trace, error message, crash, root cause, exception, repair code,
    troubleshoot a program, why does it fail, memory leak, defect, broken build, segfault, patch`,
  ),
  concept(
    'performs:coding/testing',
    'Software testing',
    'Writes and runs tests of programs.',
    `unit tests, test cases, test coverage, quality assurance, qa, regression tests, end-to-end
    tests, test suite, fuzzing, load testing, test automation, acceptance tests, edge cases, mocks`,
  ),
  concept(
    'performs:coding/refactoring',
    'Refactoring',
    'Changes the shape of code and not what it does.',
    `clean up code, restructure code, technical debt, modernise legacy code, code migration, port
    code to another language, convert code, upgrade a framework, transpile, cobol, rewrite legacy,
    simplify code, old codebase, dependency upgrade`,
  ),
  concept(
    'performs:coding/performance',
    'Performance tuning',
    'Makes programs faster or smaller.',
    `speed up, profiling, bottleneck, slow code, optimise performance, latency reduction, memory
    usage, faster program, benchmark, hot path, slow query, efficiency of code, parallelise`,
  ),
  concept(
    'performs:coding/documentation',
    'Code documentation',
    'Writes comments and references for code.',
    `docstrings, api documentation, code comments, readme, explain code, document a library,
    changelog, what does this code do, commit message`,
    { related: ['performs:writing/technical'] },
  ),
  concept(
    'performs:coding/sql',
    'Database queries',
    'Writes and tunes queries and schemas.',
    `sql queries, text to sql, write a query, database schema, data model, query optimisation, ask
    a database, stored procedure, join tables, natural language to query, database design, index
    tuning`,
    { related: ['hasAccessTo:database'] },
  ),
  concept(
    'performs:coding/regex',
    'Patterns and formulas',
    'Writes regular expressions and spreadsheet formulas.',
    `regular expression, regex, pattern matching, text pattern, excel formula, spreadsheet formula,
    macro, vba, google sheets`,
  ),
  concept(
    'performs:coding/web-development',
    'Web development',
    'Builds web sites and their front ends.',
    `website, web page, frontend, html, css, react component, landing page, backend, web app,
    responsive layout, wordpress, browser code, homepage, online shop set-up`,
    { related: ['performs:design/ui'] },
  ),
  concept(
    'performs:coding/mobile-development',
    'Mobile development',
    'Builds programs for phones.',
    `ios app, android app, mobile app, smartphone app, swift, flutter, phone application, app
    store`,
  ),
  concept(
    'performs:coding/embedded',
    'Embedded programming',
    'Writes programs for small devices.',
    `firmware, microcontroller, arduino, raspberry pi, embedded system, device driver, real-time
    operating system, plc`,
    { related: ['hasResource:sensors'] },
  ),
  concept(
    'performs:coding/api-design',
    'Programming interfaces',
    'Designs and joins interfaces between programs.',
    `api design, rest api, openapi, api integration, connect two systems, software architecture,
    system design, microservices, webhook integration, sdk, architecture diagram, integrate
    services`,
    { related: ['supportsProtocol:http'] },
  ),
  concept(
    'performs:devops',
    'Operations',
    'Keeps systems running.',
    `devops, site reliability, system administration, sysadmin, it operations, sre, platform
    engineering, server maintenance`,
  ),
  concept(
    'performs:devops/deployment',
    'Deployment',
    'Builds programs and brings them to where they run.',
    `ci/cd, continuous integration, release, pipeline, deploy, rollout, build server, github
    actions, publish a release, ship to production, rollback, containerise`,
  ),
  concept(
    'performs:devops/infrastructure',
    'Infrastructure',
    'Sets up machines and networks by program.',
    `infrastructure as code, terraform, cloud setup, aws, azure, server provisioning, cluster
    management, cloud cost, network configuration, autoscaling, ansible, capacity planning,
    virtual machines, cloud migration`,
  ),
  concept(
    'performs:devops/monitoring',
    'Monitoring',
    'Watches systems and explains what their logs say.',
    `log analysis, alerts, observability, uptime, server logs, metrics, incident response, outage,
    root cause of an incident, on-call, postmortem, dashboards, health check, tracing, log files,
    downtime, pager`,
    { related: ['performs:data/anomaly-detection'] },
  ),
  concept(
    'performs:devops/backup',
    'Backup and migration',
    'Copies data and moves it without loss.',
    `backup, restore, disaster recovery, data migration, replication, archive, move a database`,
  ),
  concept(
    'performs:devops/it-support',
    'IT support',
    'Helps people with their computers.',
    `help desk, tech support, computer problems, password reset, printer, wifi trouble,
    troubleshooting devices, laptop, software installation, router set-up`,
  ),
  concept(
    'performs:security',
    'Security',
    'Protects systems and data.',
    `cybersecurity, information security, infosec, security operations, hardening, protection
    against attackers, hackers`,
    { related: ['hasKnowledgeBase:security'] },
  ),
  concept(
    'performs:security/vulnerability-scanning',
    'Vulnerability scanning',
    'Finds weaknesses in programs and networks.',
    `vulnerability assessment, penetration testing, pentest, security audit, security holes,
    exploits, cve scan, insecure code, dependency scan, sql injection, bug bounty, weak spots,
    attack surface, open ports`,
    { related: ['performs:coding/review'] },
  ),
  concept(
    'performs:security/malware-analysis',
    'Malware analysis',
    'Says what a harmful program does.',
    `malware, virus, ransomware, reverse engineering, binary analysis, trojan, suspicious file,
    infected, decompile, sandboxing`,
  ),
  concept(
    'performs:security/phishing-detection',
    'Phishing detection',
    'Recognises mails and pages that deceive.',
    `phishing, scam, spam filter, fraudulent email, suspicious link, fake website, spoofed sender,
    deceptive message, impersonation`,
  ),
  concept(
    'performs:security/threat-detection',
    'Threat detection',
    'Finds attackers in the traffic and logs of a network.',
    `intrusion detection, threat hunting, siem, network traffic analysis, soc analyst, forensics,
    breach, attack detection, suspicious logins, leaked credentials, dark web`,
    { related: ['performs:devops/monitoring'] },
  ),
  concept(
    'performs:security/access-control',
    'Access control',
    'Settles who may do what, and keeps keys.',
    `identity management, permissions, authentication, authorisation, single sign-on, roles,
    passwords, secrets management, encryption, key management, identity verification, kyc, login`,
  ),
  concept(
    'performs:blockchain/smart-contract-audit',
    'Smart contracts',
    'Writes and checks contracts on a blockchain.',
    `smart contract audit, solidity, defi, token contract, nft, web3 development, ethereum
    contract, crypto, blockchain analysis, trace transactions, wallet addresses`,
    { related: ['hasAccessTo:blockchain'] },
  ),
  concept(
    'performs:automation',
    'Automation',
    'Lets programs do what people did by hand.',
    `workflow automation, robotic process automation, rpa, agent orchestration, zapier, repetitive
    tasks, automate, macros, no-code workflow`,
  ),
  concept(
    'performs:automation/web-browsing',
    'Web browsing',
    'Acts on web pages as a person would.',
    `browse the web, fill in forms, form filling, click through, web automation, log in to a site,
    online form, book online, submit applications, order online`,
    { related: ['canExecute:browser'] },
  ),
  concept(
    'performs:automation/planning',
    'Task planning',
    'Splits a goal into steps and hands them out.',
    `task decomposition, multi-agent coordination, break down a goal, orchestrate, plan steps,
    delegate, subtasks, reasoning`,
  ),
];
