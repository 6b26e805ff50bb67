import type { World } from '../world.ts';
import type { Authenticator } from './authentication.ts';

export interface RestRequest {
  /** The account's part of the path, without the leading `/{version}/Accounts/{AccountSid}`. */
  readonly resource: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  /** The SIDs in the path, empty where the path has none. */
  readonly callSid: string;
  readonly recordingSid: string;
  readonly numberSid: string;
  readonly by: Authenticator;
}

export interface RestAnswer {
  readonly httpStatus: 200 | 201 | 204;
  readonly body?: object;
  /** The body, where it was put together from texts. */
  readonly json?: string;
  /** The recording that was created. */
  readonly recordingSid?: string;
}

export interface Route {
  /** The operationId of Twilio's OpenAPI document. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Matches {@link RestRequest.resource}; the groups `callSid`, `recordingSid` and `numberSid` become its fields. */
  readonly path: RegExp;
  /** @throws RestError */
  readonly handle: (world: World, request: RestRequest) => RestAnswer;
}
