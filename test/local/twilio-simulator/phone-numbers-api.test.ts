import { describe, expect, test } from '@jest/globals';
import { CREDENTIALS, Rig } from './rig.ts';
import { Socketless } from './socketless.ts';

const { accountSid } = CREDENTIALS;
const SOME = { phoneNumber: '+14155550101', voiceUrl: 'https://recorder.example/voice' };
const OTHER = {
  ...SOME,
  phoneNumber: '+442071838750',
  voiceFallbackUrl: 'https://recorder.example/fallback',
};

/** https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#incomingphonenumber-properties */
const PROPERTIES = [
  'account_sid address_requirements address_sid api_version beta bundle_sid capabilities date_created date_updated',
  'emergency_address_sid emergency_address_status emergency_status friendly_name identity_sid origin phone_number sid',
  'sms_application_sid sms_fallback_method sms_fallback_url sms_method sms_url status status_callback',
  'status_callback_method subresource_uris trunk_sid type uri voice_application_sid voice_caller_id_lookup',
  'voice_fallback_method voice_fallback_url voice_method voice_receive_mode voice_url',
].flatMap((line) => line.split(' '));

test('the numbers of an account are listed page by page', async () => {
  const twilioSide = new Socketless(() => '<Response/>');
  const sids = [SOME, OTHER].map((number) => twilioSide.simulator.addNumber(number));
  const first = await twilioSide.rest('GET', '/IncomingPhoneNumbers.json?PageSize=1');
  expect(first).toMatchObject({
    httpStatus: 200,
    body: {
      page: 0,
      page_size: 1,
      incoming_phone_numbers: [
        {
          sid: sids[1],
          account_sid: accountSid,
          phone_number: '+442071838750',
          voice_url: OTHER.voiceUrl,
          voice_method: 'POST',
          voice_fallback_url: OTHER.voiceFallbackUrl,
          voice_fallback_method: 'POST',
          capabilities: { voice: true },
        },
      ],
    },
  });
  expect(Object.keys(first.body.incoming_phone_numbers[0]).sort()).toEqual(PROPERTIES);
  const prefix = `/2010-04-01/Accounts/${accountSid}`;
  expect(first.body.next_page_uri).toMatch(new RegExp(`^${prefix}/IncomingPhoneNumbers.json\\?`));
  const second = await twilioSide.rest('GET', first.body.next_page_uri.slice(prefix.length));
  expect(second.body).toMatchObject({
    next_page_uri: null,
    incoming_phone_numbers: [
      { sid: sids[0], friendly_name: '(415) 555-0101', voice_url: SOME.voiceUrl, voice_fallback_url: null },
    ],
  });
});

test('a call names the number that it came to', async () => {
  const twilioSide = new Socketless(() => '<Response/>');
  const sid = twilioSide.simulator.addNumber(SOME);
  const call = twilioSide.place({ to: SOME.phoneNumber });
  const fetched = await twilioSide.rest('GET', `/Calls/${call.sid}.json`);
  expect(fetched.body).toMatchObject({ phone_number_sid: sid, to_formatted: '(415) 555-0101' });
});

describe('to the real client, whose answers are held against the OpenAPI document,', () => {
  test('a number shows what it is configured with', async () => {
    await using rig = await Rig.start();
    const voiceApplicationSid = `AP${'c'.repeat(32)}`;
    const trunkSid = `TK${'d'.repeat(32)}`;
    const bare = rig.simulator.addNumber({ phoneNumber: SOME.phoneNumber, voiceUrl: '' });
    const sid = rig.simulator.addNumber({
      ...OTHER,
      voiceMethod: 'GET',
      voiceFallbackMethod: 'GET',
      voiceApplicationSid,
      trunkSid,
    });
    expect(await rig.client.incomingPhoneNumbers(sid).fetch()).toMatchObject({
      ...OTHER,
      voiceMethod: 'GET',
      voiceFallbackMethod: 'GET',
      voiceApplicationSid,
      trunkSid,
    });
    expect(await rig.client.incomingPhoneNumbers(bare).fetch()).toMatchObject({
      voiceUrl: null,
      voiceMethod: 'POST',
      voiceFallbackUrl: null,
      voiceApplicationSid: null,
      trunkSid: null,
    });
  });

  test('numbers are found by a part of them', async () => {
    await using rig = await Rig.start();
    for (const number of [SOME, OTHER]) rig.simulator.addNumber(number);
    const found = async (phoneNumber: string) =>
      (await rig.client.incomingPhoneNumbers.list({ phoneNumber })).map((number) => number.phoneNumber);
    expect(await found('+442071838750')).toEqual(['+442071838750']);
    expect(await found('1')).toEqual(['+442071838750', '+14155550101']);
    expect(await found('+15550000000')).toEqual([]);
  });

  test('an update changes what it names, and an empty URL takes one away', async () => {
    await using rig = await Rig.start();
    const sid = rig.simulator.addNumber(OTHER);
    await rig.pass(5_000);
    const voiceUrl = 'https://recorder.example/voice/abc#rc=2';
    expect(await rig.client.incomingPhoneNumbers(sid).update({ voiceUrl, voiceMethod: 'GET' })).toMatchObject(
      {
        ...OTHER,
        voiceUrl,
        voiceMethod: 'GET',
      },
    );
    const emptied = await rig.client.incomingPhoneNumbers(sid).update({
      voiceFallbackUrl: '',
      voiceFallbackMethod: 'GET',
    });
    expect(emptied).toMatchObject({ voiceUrl, voiceFallbackUrl: null, voiceFallbackMethod: 'GET' });
    expect(emptied.dateUpdated.getTime() - emptied.dateCreated.getTime()).toBe(5_000);
    expect(rig.simulator.number(sid)).toMatchObject({ voiceUrl, voiceFallbackUrl: '' });
  });

  test.each([
    ['a URL that is none', { voiceUrl: 'nowhere' }, { status: 400, code: 21402 }],
    ['a method that is none', { voiceMethod: 'PUT' }, { status: 400 }],
  ])('%s is refused, and changes nothing', async (_what, update, refusal) => {
    await using rig = await Rig.start();
    const sid = rig.simulator.addNumber(SOME);
    await expect(rig.client.incomingPhoneNumbers(sid).update(update)).rejects.toMatchObject(refusal);
    expect(rig.simulator.number(sid)).toEqual(SOME);
  });

  test('a number that the account does not have is not found', async () => {
    await using rig = await Rig.start();
    const number = rig.client.incomingPhoneNumbers(`PN${'0'.repeat(32)}`);
    await expect(number.fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(number.update({})).rejects.toMatchObject({ status: 404, code: 20404 });
  });
});
