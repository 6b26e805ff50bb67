import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { awsClientOptions } from '../../../../lambda/shared/clients/options.ts';
import { EnvironmentInvalidError } from '../../../../lambda/shared/errors.ts';

let former: string | undefined;
beforeEach(() => {
  former = process.env.AWS_REGION;
});
afterEach(() => {
  if (former === undefined) {
    delete process.env.AWS_REGION;
  } else {
    process.env.AWS_REGION = former;
  }
});

test('a client sends to the region of its function, as often as it was told', () => {
  process.env.AWS_REGION = 'eu-central-1';
  expect(awsClientOptions(3, 500)).toMatchObject({ region: 'eu-central-1', maxAttempts: 3 });
});

test('a client without a region is an error that names what is missing', () => {
  delete process.env.AWS_REGION;
  expect(() => awsClientOptions(3, 500)).toThrow(EnvironmentInvalidError);
  expect(() => awsClientOptions(3, 500)).toThrow('AWS_REGION');
});
