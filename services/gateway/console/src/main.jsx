// SPDX-License-Identifier: Apache-2.0
// Starts the console: the language first, so that no page ever shows in another one, then the page.
import { render } from 'preact';
import { App } from './app.jsx';
import { preferred, speak } from './lib/i18n.js';

speak(preferred()).then(() => render(<App />, document.getElementById('app')));
