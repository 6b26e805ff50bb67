import { badParameter } from './errors.ts';

/** The value of a parameter that may only have one of a few; `undefined` where it was not given. */
export function choice<const T extends string>(
  form: URLSearchParams,
  name: string,
  values: readonly T[],
): T | undefined {
  const given = form.get(name);
  if (given === null) return undefined;
  const value = values.find((candidate) => candidate === given);
  if (value === undefined) throw badParameter(`Invalid ${name}: ${given}`);
  return value;
}

export function absoluteUrl(form: URLSearchParams, name: string, code: number): string | undefined {
  const given = form.get(name);
  if (given === null) return undefined;
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) {
    throw badParameter(`${name} is not a valid URL: ${given}`, code);
  }
  return given;
}
