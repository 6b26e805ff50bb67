import type { World } from '../world.ts';
import { authenticate } from './errors.ts';
import { accountBody } from './resources.ts';
import type { RestAnswer, RestRequest, Route } from './route.ts';

export const accountRoutes: readonly Route[] = [
  { operation: 'FetchAccount', method: 'GET', path: /^\.json$/, handle: fetchAccount },
];

/**
 * Only main keys and the auth token may see the account itself; others are refused as wrong credentials are.
 * https://www.twilio.com/docs/iam/api-keys/keys-in-console
 */
function fetchAccount(world: World, { by }: RestRequest): RestAnswer {
  if (by === 'api-key' && world.account.apiKey !== 'main') throw authenticate();
  return { httpStatus: 200, body: accountBody(world) };
}
