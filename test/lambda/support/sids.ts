/** Sids as Twilio makes them: two letters and 32 hexadecimal digits. */
const sid = (prefix: string, digit: string): string => prefix + digit.repeat(32);

export const CALL_SID = sid('CA', 'a');
export const ACCOUNT_SID = sid('AC', '1');
export const OTHER_ACCOUNT_SID = sid('AC', '2');
export const RECORDING_SID = sid('RE', '3');
export const OTHER_RECORDING_SID = sid('RE', '4');
export const API_KEY_SID = sid('SK', '5');
