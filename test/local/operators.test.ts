import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, startHost } from '../../local/host/host.ts';
import { operatorsFromSeed, principalsFor } from '../../local/operators.ts';
import { type SampleApp, synthesizeSampleApp } from './host/sample-app.ts';
import { signHeaders } from './host/signing.ts';

const operators = operatorsFromSeed(7);
let app: SampleApp;
let host: Host;

beforeAll(async () => {
  app = synthesizeSampleApp();
  const principals = principalsFor(app.template, operators) ?? [];
  host = await startHost({ ...app, secretValue: '', principals });
});
afterAll(async () => {
  await host?.stop();
  app?.remove();
});

test.each([
  ['reader', 'GET', 200],
  ['reader', 'POST', 403],
  ['controller', 'GET', 200],
  ['controller', 'POST', 200],
] as const)('the %s calls a %s route and is answered %i', async (operator, method, status) => {
  const url = `${host.url}/iam/a`;
  const { host: _, ...headers } = await signHeaders(method, url, { key: operators[operator] });
  expect((await fetch(url, { method, headers })).status).toBe(status);
});

test('keys have the form of those of AWS, and belong to one seed', () => {
  for (const { accessKeyId, secretAccessKey } of Object.values(operators)) {
    expect(accessKeyId).toMatch(/^AKIA[0-9A-F]{16}$/);
    expect(secretAccessKey).toMatch(/^[\w+/]{40}$/);
  }
  expect(operators.reader).not.toEqual(operators.controller);
  expect(operatorsFromSeed(7)).toEqual(operators);
  expect(operatorsFromSeed(8)).not.toEqual(operators);
});

test('nobody operates an app without the policies', () => {
  const { ControlPolicyArn: _, ...Outputs } = app.template.Outputs ?? {};
  expect(principalsFor({ ...app.template, Outputs }, operators)).toBeUndefined();
});
