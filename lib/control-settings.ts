import * as v from 'valibot';
import { HttpUrl } from '../lambda/shared/settings.ts';

const SCOPE = 'a scope without spaces';
const Scope = v.pipe(v.string(SCOPE), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, SCOPE));

const AUDIENCES = 'one or more audiences';
const Tokens = v.strictObject({
  issuer: v.pipe(
    HttpUrl,
    v.check((url) => url.startsWith('https://'), 'an https URL'),
  ),
  audience: v.pipe(
    v.array(v.pipe(v.string(AUDIENCES), v.minLength(1, AUDIENCES)), AUDIENCES),
    v.minLength(1, AUDIENCES),
  ),
  readScope: v.optional(Scope, 'recorder/read'),
  controlScope: v.optional(Scope, 'recorder/control'),
});

/**
 * Who may see calls and control their recordings. `iam`: AWS principals that have one of the recorder's policies; an
 * object: whoever has a JSON Web Token of that issuer, with a scope for each; `false`: nobody, there are no routes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
 */
export const ControlSettings = v.union(
  [v.literal('iam'), v.literal(false), Tokens],
  "'iam', false or { issuer, audience, readScope?, controlScope? }",
);
export type ControlSettings = v.InferOutput<typeof ControlSettings>;
