/**
 * Address and key of a service that speaks the OpenAI API, as a user configures them. The key goes
 * over TLS or to this machine only, and stands in an environment variable, never in a file.
 *
 * @module
 */

/** The part of the standard `fetch` that is used. */
export type HttpRequester = (url: string, init: RequestInit) => Promise<Response>;

/** What a client of a service needs of the world. */
export interface ServiceComponents {
  readonly request: HttpRequester;
  /** Resolves after so long, or rejects with the reason of the signal. */
  readonly wait: (durationMs: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A service as it is configured. */
export interface ServiceInit {
  /** Up to and without the path of the endpoint, as in `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Path of the endpoint, such as `embeddings`. */
  readonly path: string;
  /** Name of the environment variable that holds the key; none: no key is sent. */
  readonly apiKeyVariable?: string;
}

/** Where and with which headers to ask, or why that cannot be. */
export type ServiceEndpoint =
  | { readonly valid: true; readonly url: string; readonly headers: Record<string, string> }
  | { readonly valid: false; readonly code: 'BAD_CONFIG' | 'NO_KEY'; readonly detail: string };

/** Whether a host is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The endpoint of a service, checked before anything is sent. */
export function serviceEndpoint(
  { baseUrl, path, apiKeyVariable }: ServiceInit,
  environment: ServiceComponents['environment'],
): ServiceEndpoint {
  const address = `${baseUrl.replace(/\/+$/, '')}/${path}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    const form = '"baseUrl" expected an address such as https://api.openai.com/v1';
    return bad('BAD_CONFIG', `${form}, without a user name or password`);
  }
  const headers = { 'content-type': 'application/json' };
  if (apiKeyVariable === undefined) return { valid: true, url: url.href, headers };
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const mend = 'use https, or leave "apiKeyVariable" out';
    return bad('BAD_CONFIG', `The key would go to ${url.host} in clear: ${mend}`);
  }
  const key = environment[apiKeyVariable]?.trim();
  if (!key) {
    const mend = `set it, or leave "apiKeyVariable" out if ${url.href} asks for none`;
    return bad('NO_KEY', `${apiKeyVariable} is not set: ${mend}`);
  }
  return { valid: true, url: url.href, headers: { ...headers, authorization: `Bearer ${key}` } };
}

function bad(code: 'BAD_CONFIG' | 'NO_KEY', detail: string): ServiceEndpoint {
  return { valid: false, code, detail };
}
