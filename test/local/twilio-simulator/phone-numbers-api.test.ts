import { expect, test } from '@jest/globals';
import { CREDENTIALS } from './rig.ts';
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
