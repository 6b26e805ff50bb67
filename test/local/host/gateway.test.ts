import type { RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { type Api, createGateway } from '../../../local/host/gateway.ts';
import { serve } from '../../../local/host/http-server.ts';
import type { Route } from '../../../local/host/routes.ts';

const api: Api = async ({ url }) => ({
  statusCode: 200,
  headers: {},
  body: Buffer.from(`the API's ${url}`),
  requestId: '1',
});
const page: RequestListener = ({ url }, response) => response.end(`the page's ${url}`);
const route = { routeKey: 'GET /calls', method: 'GET', segments: ['calls'] } as unknown as Route;

test.each([
  ['GET', '/?a=1', "the page's /?a=1"],
  ['GET', '/calls?a=1', "the API's /calls?a=1"],
  ['POST', '/calls', "the page's /calls"],
  ['GET', '/other', "the API's /other"],
  ['GET', '/%', "the page's /%"],
])('%s %s is answered as %s', async (method, path, answer) => {
  const beside = ({ url }: { url?: string | undefined }) => (url === '/other' ? undefined : page);
  await using server = await serve(createGateway(api, [route], beside));
  expect(await (await fetch(`${server.url}${path}`, { method })).text()).toBe(answer);
});

test('without anything beside it, all is the API’s', async () => {
  await using server = await serve(createGateway(api, [route]));
  expect(await (await fetch(server.url)).text()).toBe("the API's /");
});
