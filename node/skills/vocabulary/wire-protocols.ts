/** Terms of `supportsProtocol`: how other programs can talk to the agent. @module */

import { concept } from './concept.ts';

export const PROTOCOL_CONCEPTS = [
  concept(
    'supportsProtocol:a2a',
    'Agent2Agent',
    'Tasks between agents by the Agent2Agent protocol.',
    `agent to agent protocol, a2a protocol, agent card, agent interoperability`,
  ),
  concept(
    'supportsProtocol:a2a/1.0',
    'Agent2Agent 1.0',
    'Version 1.0 of the Agent2Agent protocol.',
    `a2a 1.0, a2a version 1`,
  ),
  concept(
    'supportsProtocol:mcp',
    'Model Context Protocol',
    'Tools and data for a language model by the Model Context Protocol.',
    `mcp server, model context protocol, tool calling, tool server, function calling`,
  ),
  concept(
    'supportsProtocol:http',
    'HTTP',
    'Requests over HTTP.',
    `rest, rest api, web api, https, webhook, http endpoint, json api`,
  ),
  concept(
    'supportsProtocol:grpc',
    'gRPC',
    'Calls over gRPC.',
    `protobuf, remote procedure call, rpc`,
  ),
  concept(
    'supportsProtocol:graphql',
    'GraphQL',
    'Queries over GraphQL.',
    `graph query language, graphql endpoint, graphql schema`,
  ),
  concept(
    'supportsProtocol:websocket',
    'WebSocket',
    'Messages both ways over one connection.',
    `web socket, server-sent events, streaming connection, real-time connection, live updates`,
  ),
  concept(
    'supportsProtocol:mqtt',
    'MQTT',
    'Messages of devices over MQTT or a queue.',
    `publish subscribe, message broker, kafka, amqp, rabbitmq, message queue, event stream`,
    { related: ['hasResource:sensors'] },
  ),
  concept(
    'supportsProtocol:libp2p',
    'libp2p',
    'Streams between peers by libp2p.',
    `peer to peer, p2p network, decentralised network`,
  ),
  concept(
    'supportsProtocol:openai-api',
    'OpenAI-compatible interface',
    'Completions and embeddings in the form of the OpenAI interface.',
    `chat completions, openai compatible endpoint, completion api, openai format`,
    { related: ['hasAccessTo:llm-api'] },
  ),
  concept(
    'supportsProtocol:smtp',
    'Mail protocols',
    'Mail over SMTP and IMAP.',
    `smtp, imap, mail server, mail delivery`,
    { related: ['hasAccessTo:email'] },
  ),
  concept(
    'supportsProtocol:sftp',
    'File transfer',
    'Files over SFTP or FTP.',
    `ftp, ssh file transfer, file upload, file exchange`,
  ),
  concept(
    'supportsProtocol:sql',
    'SQL',
    'Queries in SQL over JDBC or ODBC.',
    `jdbc, odbc, structured query language, sql interface`,
    { related: ['performs:coding/sql'] },
  ),
  concept(
    'supportsProtocol:fhir',
    'FHIR',
    'Health records in the form of HL7 FHIR.',
    `hl7, health record exchange, electronic health records interface`,
    { related: ['performs:health'] },
  ),
];
