import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Death } from './environment-protocol.ts';

/**
 * Ends this process at one of the requests that it sends to somebody else than AWS: before a byte of it leaves, or once
 * its answer arrives.
 *
 * @returns what calls that off
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
export function dieAtRequest({ requestsBefore, isCarriedOut }: Death): () => void {
  let left = requestsBefore;
  let fatal: ClientRequest | undefined;
  const onCreated = (message: unknown): void => {
    const { request } = message as { request: ClientRequest };
    if (fatal || goesToAws(request)) return;
    if (left > 0) {
      left -= 1;
      return;
    }
    if (!isCarriedOut) process.exit(1);
    fatal = request;
  };
  const onAnswer = (message: unknown): void => {
    if ((message as { request: ClientRequest }).request === fatal) process.exit(1);
  };
  subscribe('http.client.request.created', onCreated);
  subscribe('http.client.response.finish', onAnswer);
  return () => {
    unsubscribe('http.client.request.created', onCreated);
    unsubscribe('http.client.response.finish', onAnswer);
  };
}

function goesToAws(request: ClientRequest): boolean {
  const origin = `http://${request.getHeader('host')}`;
  return Object.entries(process.env).some(
    ([name, value]) => name.startsWith('AWS_ENDPOINT_URL') && value === origin,
  );
}
