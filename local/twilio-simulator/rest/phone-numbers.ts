import type { World } from '../world.ts';
import { page } from './paging.ts';
import { phoneNumberBody } from './resources.ts';
import type { RestAnswer, RestRequest, Route } from './route.ts';

export const phoneNumberRoutes: readonly Route[] = [
  {
    operation: 'ListIncomingPhoneNumber',
    method: 'GET',
    path: /^\/IncomingPhoneNumbers\.json$/,
    handle: list,
  },
];

/**
 * All numbers of the account; the filters are not simulated.
 * https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#read-multiple-incomingphonenumber-resources
 */
function list(world: World, request: RestRequest): RestAnswer {
  const { accountSid } = world.credentials;
  const json = page(accountSid, request, {
    key: 'incoming_phone_numbers',
    items: world.numbers.inOrder,
    matches: () => true,
    toJson: (number) => JSON.stringify(phoneNumberBody(accountSid, number)),
  });
  return { httpStatus: 200, json };
}
