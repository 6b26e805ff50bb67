import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LoopbackServer, serve } from '../../../local/host/http-server.ts';
import { Feed, type Reader } from '../../../local/page/feed.ts';
import { BUTTON_SLOT, createPages, serving } from '../../../local/page/pages.ts';
import type { PageUpdate } from '../../../local/page/updates.ts';
import { sidOf } from './support.ts';

let feed: Feed;
let server: LoopbackServer;
let placed: number;
let place: (() => void) | undefined;

beforeEach(async () => {
  feed = new Feed();
  placed = 0;
  place = () => {
    placed += 1;
  };
  const assets = { html: `<main></main>${BUTTON_SLOT}`, script: 'script', style: 'style' };
  server = await serve(serving(createPages({ assets, feed, placer: () => place })));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** With headers that `fetch` does not let anybody choose. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(`${server.url}${path}`, { method, headers }, async (response) =>
      resolve({ status: response.statusCode, headers: response.headers, body: await text(response) }),
    )
      .on('error', reject)
      .end();
  });

const port = (): string => new URL(server.url).port;

describe('the page', () => {
  test('comes with nothing but its own script and style', async () => {
    const { status, headers, body } = await ask('/?from=here');
    expect([status, body]).toEqual([200, expect.stringContaining('<main></main><button')]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      ),
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask('/page/script.js')).body).toBe('script');
    expect((await ask('/page/style.css')).body).toBe('style');
  });

  test.each<[string, () => Record<string, string>]>([
    ['by another name', () => ({ host: `calls.example.com:${port()}` })],
    ['by a name that begins like ours', () => ({ host: `localhost.example.com:${port()}` })],
    ['by another port', () => ({ host: '127.0.0.1:1' })],
    ['through a proxy', () => ({ 'x-forwarded-for': '203.0.113.7' })],
    ['through a tunnel that says our name', () => ({ host: `localhost:${port()}`, via: '1.1 tunnel' })],
  ])('is not there for who asks %s', async (_, headers) => {
    for (const path of ['/', '/page/events', '/page/script.js']) {
      expect((await ask(path, headers())).status).toBe(404);
    }
  });

  test.each(['/toString', '/page/', '/index.html'])('has nothing at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
    expect((await ask('/', {}, 'DELETE')).status).toBe(404);
  });

  test('places calls for itself only', async () => {
    const call = async (origin?: string) =>
      (await ask('/page/call', origin ? { origin } : {}, 'POST')).status;
    expect(await call(server.url)).toBe(204);
    expect(placed).toBe(1);
    expect([await call(), await call('https://example.com'), await call('null')]).toEqual([403, 403, 403]);
    place = undefined;
    expect(await call(server.url)).toBe(403);
    expect((await ask('/')).body).not.toContain('<button');
    expect(placed).toBe(1);
  });

  test('streams what is known, and then what changes', async () => {
    feed.add([{ type: 'call', callSid: sidOf(1), at: 1, announces: true }]);
    await using response = await stream(`${server.url}/page/events`);
    expect((await response.next()).order).toEqual([sidOf(1)]);
    feed.add([{ type: 'call', callSid: sidOf(2), at: 2, announces: true }]);
    expect(await response.next()).toMatchObject({
      order: [sidOf(1), sidOf(2)],
      changedCalls: [{ callSid: sidOf(2) }],
    });
  });
});

/** Reads a stream of events one by one. */
async function stream(url: string) {
  const stopped = new AbortController();
  const { body } = await fetch(url, { signal: stopped.signal });
  const chunks = body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let left = '';
  return {
    async next(): Promise<PageUpdate> {
      while (!left.includes('\n\n')) left += (await chunks?.next())?.value ?? '';
      const [event = '', ...rest] = left.split('\n\n');
      left = rest.join('\n\n');
      return JSON.parse(event.replace(/^data: /, ''));
    },
    [Symbol.asyncDispose]: async () => stopped.abort(),
  };
}

test('a reader that does not keep up is told when it can be', async () => {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const reader: { -readonly [K in keyof Reader]: Reader[K] } = {
    writableNeedDrain: false,
    write: (part: string) => {
      told.push(part);
      if (told.length === 2) resolve();
      return true;
    },
  };
  feed.join(reader);
  reader.writableNeedDrain = true;
  feed.add([{ type: 'call', callSid: sidOf(1), at: 1, announces: true }]);
  await new Promise((ready) => setTimeout(ready, 300));
  expect(told).toHaveLength(1);
  reader.writableNeedDrain = false;
  await promise;
  expect(told[1]).toContain(sidOf(1));
});
