import { ROUTES } from '../lambda/shared/contract.ts';

const HIDDEN = '***';

/** A URL as it may be shown: without the password that it may carry, be it encoded behind a recorder's route. */
export function shownUrl(url: string): string {
  return url
    .replace(/^(https?:\/\/[^/?#@]*:)[^/?#]*(?=@)/i, `$1${HIDDEN}`)
    .replace(new RegExp(`(?<=${ROUTES.voice}/)[\\w-]+`), (next) => {
      const former = Buffer.from(next, 'base64url').toString('utf8');
      return shownUrl(former) === former ? next : HIDDEN;
    });
}
