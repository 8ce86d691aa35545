import { type Html, html } from '../../pages/html.js';
import type { Language } from '../../pages/language.js';
import { icons } from './icons.js';
import { shareMessages } from './messages.js';

/** What such a page says instead of photos. Nothing in it depends on the link. */
export interface Notice {
  title: string;
  content: Html;
}

const notice = (title: string, text: string): Notice => ({
  title,
  content: html`<div class="notice"><h1>${title}</h1>\n<p>${text}</p></div>\n`,
});

/** For links that are unknown, revoked or expired, or whose photo or album was deleted: they must not be told apart. */
export const goneNotice = (language: Language): Notice =>
  notice(shareMessages[language].goneTitle, shareMessages[language].goneText);
export const busyNotice = (language: Language): Notice =>
  notice(shareMessages[language].busyTitle, shareMessages[language].busyText);
export const slowDownNotice = (language: Language): Notice =>
  notice(shareMessages[language].slowDownTitle, shareMessages[language].slowDownText);

export type UnlockFault = 'wrongPassword' | 'passwordMissing' | 'tooManyAttempts';

/** The form for the password. It says nothing of what the link shows. */
export function unlockForm(action: string, language: Language, fault?: UnlockFault): Notice {
  const t = shareMessages[language];
  const described = fault && html` aria-invalid="true" aria-describedby="fault"`;
  return {
    title: t.lockedTitle,
    content: html`<div class="notice">${icons.lock}
<h1>${t.lockedTitle}</h1>
<p>${t.lockedText}</p>
<form method="post" action="${action}">
<label for="password">${t.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1000" required autofocus${described}>
${fault && html`<p class="error" id="fault" role="alert">${t[fault]}</p>\n`}<button class="button">${t.unlock}</button>
</form></div>
`,
  };
}
