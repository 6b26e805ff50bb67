import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type { Credentials } from '../../../local/twilio-simulator/simulator.ts';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { content?: { 'application/json'?: { schema: object } } }>>;
}

const openApi: OpenApi = JSON.parse(
  readFileSync(new URL('../../fixtures/twilio/recordings-openapi.json', import.meta.url), 'utf8'),
  // The live value of `source` for <Start><Recording> is newer than the document: it is an open enum.
  (key, value) => (key.endsWith('_enum_source') ? { type: 'string' } : value),
);

const RFC_2822 = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/;

// `strict: false` lets the keywords pass that belong to OpenAPI only; `nullable` is one that Ajv knows.
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addFormat('date-time-rfc-2822', RFC_2822);
ajv.addFormat('currency', /^[A-Z]{3}$/);
ajv.addFormat('uri', /^(https?:\/)?\/\S+$/);
ajv.addFormat('uri-map', true);
ajv.addFormat('int32', true);
ajv.addFormat('http-method', true);
ajv.addFormat('phone-number', /^\+\d+$/);
ajv.addFormat('phone-number-capabilities', true);
ajv.addSchema(asNullable(openApi), 'openapi');

/** In OpenAPI 3.0 an untyped nullable schema allows null; Ajv wants a type beside it. */
function asNullable(node: unknown): object {
  return JSON.parse(JSON.stringify(node), (_key, value) => {
    if (value?.nullable === true && value.type === undefined) return {};
    return value;
  });
}

/** Fails if the body is not what Twilio's OpenAPI document declares for the answer to this request. */
function validate(method: string, path: string, status: number, body: unknown): void {
  const template = Object.keys(openApi.paths).find((candidate) =>
    new RegExp(`^${candidate.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(path),
  );
  if (template === undefined) throw new Error(`not in the OpenAPI document: ${path}`);
  const response = openApi.paths[template]?.[method]?.responses[status];
  if (response === undefined) throw new Error(`answer ${status} is not declared for ${method} ${path}`);
  if (response.content === undefined) {
    if (body) throw new Error(`${status} with a body`);
    return;
  }
  const pointer = [
    'paths',
    template,
    method,
    'responses',
    String(status),
    'content',
    'application/json',
    'schema',
  ]
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const check = ajv.compile({ $ref: `openapi#/${pointer}` });
  if (!check(body)) throw new Error(`${method} ${path}: ${ajv.errorsText(check.errors)}`);
  const declared = declaredProperties(template, method, status);
  const missing = declared.filter((name) => !Object.hasOwn(body as object, name));
  if (missing.length > 0) throw new Error(`${method} ${path} lacks ${missing}`);
}

/** The document makes no property required, yet Twilio always sends all of them. */
function declaredProperties(template: string, method: string, status: number): string[] {
  const schema = openApi.paths[template]?.[method]?.responses[status]?.content?.['application/json']?.schema;
  const { $ref, properties } = schema as { $ref?: string; properties?: object };
  if (properties) return Object.keys(properties);
  const name = $ref?.split('/').at(-1) ?? '';
  const { components } = openApi as unknown as {
    components: { schemas: Record<string, { properties: object }> };
  };
  return Object.keys(components.schemas[name]?.properties ?? {});
}

/** The way of the `twilio` package to another host: a client whose requests go to another base URL. */
class ValidatingClient extends twilio.RequestClient {
  readonly #baseUrl: string;

  constructor(baseUrl: string) {
    super();
    this.#baseUrl = baseUrl;
  }

  override async request<TData>(opts: RequestClient.RequestOptions<TData>) {
    const { pathname, search } = new URL(opts.uri);
    const response = await super.request<TData>(
      Object.assign({}, opts, { uri: `${this.#baseUrl}${pathname}${search}` }),
    );
    if (response.statusCode < 400) {
      validate(opts.method, pathname, response.statusCode, response.body);
    }
    return response;
  }
}

/** The real `twilio` client; each successful answer is held against the OpenAPI document. */
export function twilioClient(baseUrl: string, credentials: Credentials) {
  const { apiKeySid, apiKeySecret, accountSid } = credentials;
  return twilio(apiKeySid, apiKeySecret, { accountSid, httpClient: new ValidatingClient(baseUrl) });
}
