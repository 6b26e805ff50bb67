import type { PhoneNumber } from '../phone-number.ts';
import type { World } from '../world.ts';
import { notFound } from './errors.ts';
import { absoluteUrl, choice } from './form.ts';
import { page } from './paging.ts';
import { phoneNumberBody } from './resources.ts';
import type { RestAnswer, RestRequest, Route } from './route.ts';

const ONE = /^\/IncomingPhoneNumbers\/(?<numberSid>[^/]+)\.json$/;

export const phoneNumberRoutes: readonly Route[] = [
  {
    operation: 'ListIncomingPhoneNumber',
    method: 'GET',
    path: /^\/IncomingPhoneNumbers\.json$/,
    handle: list,
  },
  { operation: 'FetchIncomingPhoneNumber', method: 'GET', path: ONE, handle: fetchNumber },
  { operation: 'UpdateIncomingPhoneNumber', method: 'POST', path: ONE, handle: updateNumber },
];

/**
 * The numbers of the account; of the filters only `PhoneNumber` is simulated, which takes a part of a number too.
 * https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#read-multiple-incomingphonenumber-resources
 */
function list(world: World, request: RestRequest): RestAnswer {
  const { accountSid } = world.credentials;
  const part = request.query.get('PhoneNumber') ?? '';
  const json = page(accountSid, request, {
    key: 'incoming_phone_numbers',
    items: world.numbers.inOrder,
    matches: ({ configuration }) => configuration.phoneNumber.includes(part),
    toJson: (number) => JSON.stringify(phoneNumberBody(accountSid, number)),
  });
  return { httpStatus: 200, json };
}

/** @throws RestError 404 */
function findNumber(world: World, { numberSid, resource }: RestRequest): PhoneNumber {
  const number = world.numbers.get(numberSid);
  if (number === undefined) throw notFound(resource);
  return number;
}

function fetchNumber(world: World, request: RestRequest): RestAnswer {
  return answerWith(world, findNumber(world, request));
}

const METHODS = ['GET', 'POST'] as const;
/** https://www.twilio.com/docs/api/errors/21402 */
const INVALID_URL = 21402;

/**
 * Understands `VoiceUrl`, `VoiceMethod`, `VoiceFallbackUrl` and `VoiceFallbackMethod`, and ignores the rest. An empty URL
 * takes away what was there.
 * https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#update-an-incomingphonenumber-resource
 */
function updateNumber(world: World, request: RestRequest): RestAnswer {
  const { form } = request;
  const number = findNumber(world, request);
  const url = (name: string) => (form.get(name) === '' ? '' : absoluteUrl(form, name, INVALID_URL));
  const voiceUrl = url('VoiceUrl');
  const voiceMethod = choice(form, 'VoiceMethod', METHODS);
  const voiceFallbackUrl = url('VoiceFallbackUrl');
  const voiceFallbackMethod = choice(form, 'VoiceFallbackMethod', METHODS);
  number.configuration = {
    ...number.configuration,
    ...(voiceUrl !== undefined && { voiceUrl }),
    ...(voiceMethod !== undefined && { voiceMethod }),
    ...(voiceFallbackUrl !== undefined && { voiceFallbackUrl }),
    ...(voiceFallbackMethod !== undefined && { voiceFallbackMethod }),
  };
  number.updatedAt = world.now();
  return answerWith(world, number);
}

function answerWith(world: World, number: PhoneNumber): RestAnswer {
  return { httpStatus: 200, body: phoneNumberBody(world.credentials.accountSid, number) };
}
