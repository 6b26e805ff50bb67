import { InvalidArgumentError } from 'commander';
import { is } from 'valibot';
import { HttpUrl } from '../lambda/shared/settings.ts';

/** @throws InvalidArgumentError */
export function callSid(text: string): string {
  return matching(text, /^CA[0-9a-f]{32}$/, 'It takes a CallSid: CA and 32 hexadecimal digits.');
}

/** A day that the calendar has. @throws InvalidArgumentError */
export function day(text: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(at.getTime()) || !at.toISOString().startsWith(text)) {
    throw new InvalidArgumentError('It takes a day (UTC), YYYY-MM-DD.');
  }
  return text;
}

/** @throws InvalidArgumentError */
export function status(text: string): string {
  return matching(text, /^[a-z]+(-[a-z]+)*$/, 'It takes a status, such as in-progress.');
}

/** @throws InvalidArgumentError */
export function limit(text: string): number {
  return Number(matching(text, /^[1-9]\d{0,8}$/, 'It takes a whole number from 1 up.'));
}

/** @throws InvalidArgumentError */
export function reason(text: string): string {
  return matching(text, /\S/, 'It takes a text.');
}

/** @throws InvalidArgumentError */
export function phoneNumber(text: string): string {
  return matching(text, /^\+[1-9]\d{6,14}$/, 'It takes a phone number in E.164 form, such as +15551234567.');
}

/** @throws InvalidArgumentError */
export function httpUrl(text: string): string {
  if (!is(HttpUrl, text)) {
    throw new InvalidArgumentError('It takes an http(s) URL.');
  }
  return text;
}

function matching(text: string, form: RegExp, otherwise: string): string {
  if (!form.test(text)) {
    throw new InvalidArgumentError(otherwise);
  }
  return text;
}
