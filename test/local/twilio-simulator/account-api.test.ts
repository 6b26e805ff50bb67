import { expect, test } from '@jest/globals';
import { CREDENTIALS, Rig } from './rig.ts';
import { twilioClient } from './validating-client.ts';

const { accountSid, authToken } = CREDENTIALS;

test.each([{ type: 'Full' }, { type: 'Trial' }, { status: 'suspended' }] as const)(
  'an account shows what it is: %j',
  async (account) => {
    await using rig = await Rig.start({ account: { ...account, apiKey: 'main' } });
    expect(await rig.client.api.accounts(accountSid).fetch()).toMatchObject({
      sid: accountSid,
      type: 'Full',
      status: 'active',
      ...account,
    });
  },
);

test('a standard key may not see its account, with the auth token one may', async () => {
  await using rig = await Rig.start();
  await expect(rig.client.api.accounts(accountSid).fetch()).rejects.toMatchObject({
    status: 401,
    code: 20003,
  });
  const asAccount = { ...CREDENTIALS, apiKeySid: accountSid, apiKeySecret: authToken };
  const client = twilioClient(rig.simulator.url, asAccount);
  expect(await client.api.accounts(accountSid).fetch()).toMatchObject({ sid: accountSid });
});
