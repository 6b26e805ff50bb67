import type { ConsentRepresentation } from '../lambda/recording-control/representations.ts';

/** `given with 1 to text 3f9c0a7e51d2`. */
export function consentInWords({ answer, digit, textVersion }: ConsentRepresentation): string {
  return [answer, ...(digit ? ['with', digit] : []), ...(textVersion ? ['to text', textVersion] : [])].join(
    ' ',
  );
}
