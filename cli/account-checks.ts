import { isLoopback } from './authorization.ts';
import { type Finding, ok, problem, warning } from './findings.ts';
import type { AboutAccount } from './twilio-account.ts';

/** @param about undefined where the API key may not see it */
export function checkAccount(sid: string, about: AboutAccount | undefined): Finding {
  if (!about) {
    return warning(
      'account',
      `this API key may not see whether ${sid} is a trial account, which cannot record.`,
      'Set TWILIO_AUTH_TOKEN, or a main key, to have it looked at; or look in the Twilio console.',
    );
  }
  if (about.status !== 'active') {
    return problem('account', `${sid} is ${about.status}.`, 'See its state in the Twilio console.');
  }
  return about.type === 'Trial'
    ? problem('account', 'trial accounts cannot record.', 'Upgrade the account.')
    : ok('account', `${sid} is active, and no trial account.`);
}

/**
 * Keys and numbers are per region, and each region has hosts of its own.
 * https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region
 */
export function checkApiHost(apiUrl: string): Finding {
  const { hostname } = new URL(apiUrl);
  if (isLoopback(hostname)) {
    return ok('Twilio API', `${apiUrl} is on this machine.`);
  }
  if (hostname === 'api.twilio.com') {
    return ok('Twilio API', 'region us1, the default.');
  }
  const [, edge, region] = /^api\.([a-z-]+)\.([a-z]{2}\d)\.twilio\.com$/.exec(hostname) ?? [];
  if (edge && region) {
    return ok('Twilio API', `region ${region}, by the edge ${edge}.`);
  }
  return warning(
    'Twilio API',
    `${hostname} names no region as Twilio has them.`,
    'It is api.twilio.com, or api.{edge}.{region}.twilio.com; see --twilio-api, and `twilioApiBaseUrl` in the configuration.',
  );
}

/** In milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/** @param aheadMs how far this machine's clock is ahead of Twilio's; undefined where Twilio did not tell the time */
export function checkClock(aheadMs: number | undefined): Finding {
  if (aheadMs === undefined) {
    return warning('clock', 'Twilio did not tell the time.', 'See whether something stands in between.');
  }
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const found = `this machine is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} Twilio.`;
  return Math.abs(aheadMs) > CLOCK_TOLERANCE
    ? warning('clock', found, 'Set it: AWS refuses what is signed at a wrong time.')
    : ok('clock', found);
}
