import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Beside } from '../host/gateway.ts';
import type { Feed } from './feed.ts';

/** What a browser loads; `html` has the place for the button where `BUTTON_SLOT` is. */
export interface PageAssets {
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

export interface PagesOptions {
  readonly assets: PageAssets;
  readonly feed: Feed;
  /** Places a call, where the page may do that now. */
  readonly placer: () => (() => void) | undefined;
}

export const BUTTON_SLOT = '<!-- button -->';
const BUTTON = '<button type="button" id="place-call">Place a call</button>';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The pages by method and path, for this machine's browsers only: they show calls. Whoever asks by another name, as a
 * site does that has its own name lead here, or by way of a proxy, as all the world behind a tunnel does, finds nothing.
 */
export function createPages({ assets, feed, placer }: PagesOptions): Beside {
  const pages: Readonly<Record<string, RequestListener>> = {
    'GET /': (_, response) =>
      send(response, 'text/html', assets.html.replace(BUTTON_SLOT, placer() ? BUTTON : '')),
    'GET /page/script.js': (_, response) => send(response, 'text/javascript', assets.script),
    'GET /page/style.css': (_, response) => send(response, 'text/css', assets.style),
    'GET /page/events': (_, response) => stream(response, feed),
    'POST /page/call': (request, response) => {
      const place = isOfThePage(request) ? placer() : undefined;
      place?.();
      response.writeHead(place ? 204 : 403, HEADERS).end();
    },
  };
  return (request) => {
    const page = `${request.method} ${request.url?.split('?')[0]}`;
    return isFromHere(request) && Object.hasOwn(pages, page) ? pages[page] : undefined;
  };
}

/** A server that has nothing but these pages. */
export const serving =
  (beside: Beside): RequestListener =>
  (request, response) => {
    const page = beside(request);
    if (page) {
      page(request, response);
    } else {
      response.writeHead(404).end();
    }
  };

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { ...HEADERS, 'content-type': `${type}; charset=utf-8` }).end(text);
}

function stream(response: ServerResponse, feed: Feed): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  feed.join(response);
  response.on('close', () => feed.leave(response));
}

const OF_PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

function isFromHere({ headers, socket }: IncomingMessage): boolean {
  const names = ['127.0.0.1', 'localhost'].map((name) => `${name}:${socket.localPort}`);
  return names.includes(headers.host ?? '') && OF_PROXIES.every((name) => headers[name] === undefined);
}

/** Browsers say where a POST comes from, and let no page say something else. */
const isOfThePage = ({ headers }: IncomingMessage): boolean => headers.origin === `http://${headers.host}`;
