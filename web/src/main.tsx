// The page's start: styles, frame, and the live stream.
import { render } from 'preact'
import { App } from './app.tsx'
import { startLive } from './live.ts'
import { keepTitle } from './tab-title.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/overlays.css'
import './styles/panels.css'
import './styles/frame.css'
import './styles/login.css'
import './styles/fleet.css'
import './styles/rows.css'
import './styles/alerts.css'
import './styles/market-data.css'

const root = document.getElementById('app')
if (root) render(<App />, root)
startLive()
keepTitle()
