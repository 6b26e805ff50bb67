/** RFC 2822 in UTC, the form of all dates in Twilio's answers and callbacks. */
export function rfc2822(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000');
}
