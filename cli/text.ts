import stringWidth from 'string-width';

/** How many columns of a terminal a text takes, as `cli-table3` counts them. */
export const widthOf = (text: string): number => stringWidth(text);

/**
 * A text in which nothing commands the terminal or turns the direction of what follows. Callers choose what some of it
 * says: a SIP address, for one. Its lines stay.
 */
export const harmless = (text: string): string =>
  text.toWellFormed().replace(/[^\P{Cc}\n]|[\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');

/** The same on one line. */
export const printable = (text: string): string => harmless(text.replace(/\s+/gu, ' ')).trim();

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text, or as much of its beginning as fits, with `…` at its end. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) {
    return text;
  }
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (widthOf(`${kept}${segment}…`) > width) {
      break;
    }
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

/**
 * A caller's address with all but the last four digits of its number hidden; letters of a SIP or client address before
 * its host are hidden too, since they name somebody.
 */
export function masked(address: string): string {
  const [, scheme = '', user = '', host = ''] = /^([a-z]+:)?([^@]*)(@.*)?$/isu.exec(address) ?? [];
  const digits = user.match(/\p{N}/gu)?.length ?? 0;
  let seen = 0;
  const hidden = user.replace(/[\p{L}\p{N}]/gu, (character) =>
    /\p{N}/u.test(character) && ++seen > digits - 4 ? character : '*',
  );
  return `${scheme}${hidden}${host}`;
}

/** `2026-03-01 12:00:05` of an ISO 8601 time in UTC; what is none stays as it is. */
export function dateAndTime(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toISOString().slice(0, 19).replace('T', ' ');
}

/** `12:00:05.123`, likewise. */
export function timeOfDay(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toISOString().slice(11, 23);
}
