// The page's words in English and Korean, and how times, numbers and sizes are written. Pure.

const english = {
  skip: "Skip to the message box",
  hereNow: "Here now",
  yourName: "Your name",
  log: "What everyone says",
  welcome: "Whatever one says here, everyone hears.",
  invite: "Open this page in a second window, or pass its address on.",
  message: "Message",
  saySomething: "Say something",
  hint: "Enter sends; Shift and Enter begin a new line.",
  attach: "Send a picture or file",
  file: "Picture or file",
  send: "Send",
  retry: "Try now",
  drop: "Drop to send",
  connecting: "Connecting…",
  transport: "Transport",
  auto: "Automatic",
  autoNow: "Automatic ({transport})",
  websocket: "WebSocket",
  "xhr-streaming": "Streaming",
  eventsource: "Event source",
  "xhr-polling": "Polling",
  waiting: "Connection lost",
  offline: "You are offline",
  closed: "Not connected",
  again: "again in {seconds}",
  blocked: "The server is there, but lets nobody in by any transport: it may be full, or not know this address.",
  blockedPicked: "The server is there, but {transport} does not pass: it may be full, not know this address, or a proxy is in between. Automatic tries every transport.",
  unreachable: "The server can't be reached.",
  tooLargeForServer: "The server closed the connection: something was too large for it.",
  restarting: "The server is going down or starting anew.",
  you: "you",
  guest: "Guest {number}",
  someone: "someone",
  joined: "{name} came in",
  left: "{name} left",
  newMessages: "New messages",
  jump: "{count} new ↓",
  latest: "Latest ↓",
  stateWaiting: "Waiting to be sent",
  stateSent: "Sent",
  stateFailed: "Not sent",
  sendAgain: "Send again",
  download: "Download",
  binary: "Binary message",
  picture: "Picture: {file}",
  tooLarge: "{file} has {size}; this server takes at most {most} in one message.",
  textTooLarge: "That is {size} long; this server takes at most {most} in one message.",
  empty: "{file} is empty.",
  unreadable: "{file} can't be read.",
  shrunk: "{file} was made smaller to fit: {size}.",
  full: "Too much is waiting to be sent. Once some of it is through, try again.",
  unknownLimit: "This server does not say how large a message may be, so files can't be sent. It may be older than this page.",
  notYet: "Files can be sent once the page has reached the server.",
};

/** @typedef {keyof typeof english} Key */

/** @type {Record<Key, string>} */
const korean = {
  skip: "메시지 입력란으로 건너뛰기",
  hereNow: "지금 있는 사람",
  yourName: "이름",
  log: "대화",
  welcome: "여기서 하는 말은 모두에게 들립니다.",
  invite: "다른 창에서 이 페이지를 한 번 더 열거나, 주소를 알려 주세요.",
  message: "메시지",
  saySomething: "메시지를 입력하세요",
  hint: "Enter로 보내고, Shift+Enter로 줄을 바꿉니다.",
  attach: "사진이나 파일 보내기",
  file: "사진 또는 파일",
  send: "보내기",
  retry: "지금 연결",
  drop: "여기에 놓으면 보냅니다",
  connecting: "연결하는 중…",
  transport: "전송 방식",
  auto: "자동",
  autoNow: "자동 ({transport})",
  websocket: "WebSocket",
  "xhr-streaming": "스트리밍",
  eventsource: "이벤트 소스",
  "xhr-polling": "폴링",
  waiting: "연결이 끊겼습니다",
  offline: "오프라인입니다",
  closed: "연결되지 않음",
  again: "{seconds} 뒤 다시 연결",
  blocked: "서버는 응답하지만 어떤 방식으로도 연결되지 않습니다. 접속이 가득 찼거나, 허용되지 않은 주소일 수 있습니다.",
  blockedPicked: "서버는 응답하지만 {transport} 방식으로 연결되지 않습니다. 접속이 가득 찼거나, 허용되지 않은 주소이거나, 중간의 프록시가 막고 있을 수 있습니다. ‘자동’을 고르면 다른 방식도 시도합니다.",
  unreachable: "서버에 닿을 수 없습니다.",
  tooLargeForServer: "메시지가 너무 커서 서버가 연결을 닫았습니다.",
  restarting: "서버가 종료 중이거나 다시 시작하고 있습니다.",
  you: "나",
  guest: "손님 {number}",
  someone: "이름 없음",
  joined: "{name} 님이 들어왔습니다",
  left: "{name} 님이 나갔습니다",
  newMessages: "새 메시지",
  jump: "새 메시지 {count}개 ↓",
  latest: "맨 아래로 ↓",
  stateWaiting: "보내기를 기다리는 중",
  stateSent: "보냄",
  stateFailed: "보내지 못함",
  sendAgain: "다시 보내기",
  download: "내려받기",
  binary: "바이너리 메시지",
  picture: "사진: {file}",
  tooLarge: "{file}의 크기는 {size}입니다. 이 서버는 메시지 하나에 최대 {most}까지 받습니다.",
  textTooLarge: "메시지 길이가 {size}입니다. 이 서버는 메시지 하나에 최대 {most}까지 받습니다.",
  empty: "{file}은(는) 빈 파일입니다.",
  unreadable: "{file}을(를) 읽을 수 없습니다.",
  shrunk: "{file}의 크기를 {size}로 줄였습니다.",
  full: "보내기를 기다리는 메시지가 너무 많습니다. 일부가 전송된 뒤에 다시 시도해 주세요.",
  unknownLimit: "이 서버가 메시지 크기 제한을 알려 주지 않아 파일을 보낼 수 없습니다. 서버가 이 페이지보다 오래된 버전일 수 있습니다.",
  notYet: "서버에 연결된 뒤에 파일을 보낼 수 있습니다.",
};

export const tables = { en: english, ko: korean };

/**
 * Chooses the language of the page.
 * @param {readonly string[]} wanted tags (RFC 5646), the dearest first
 * @returns {"en" | "ko"}
 */
export function choose(wanted) {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (language === "ko" || language === "en") return language;
  }
  return "en";
}

/** The page's words in one language. */
export class Words {
  /** @type {"en" | "ko"} */
  language;
  #time;
  #date;
  #number;

  /**
   * @param {"en" | "ko"} language
   * @param {string} [locale] how times are written, if more is known than the language
   */
  constructor(language, locale = language) {
    this.language = language;
    this.#time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
    this.#date = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
    this.#number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  }

  /**
   * Returns a text with what it names put in.
   * @param {Key} key
   * @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    return tables[this.language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /** @param {Date} at */
  time(at) {
    return this.#time.format(at);
  }

  /** @param {Date} at */
  date(at) {
    return this.#date.format(at);
  }

  /** @param {number} seconds */
  seconds(seconds) {
    return this.#unit(seconds, "second", "narrow");
  }

  /** @param {number} ms */
  roundTrip(ms) {
    const shown = ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms);
    return `${this.#number.format(shown)} ms`;
  }

  /**
   * Writes a size as people read it.
   * @param {number} bytes
   */
  size(bytes) {
    if (bytes < 1024) return this.#unit(bytes, "byte", "long");
    if (bytes < 1024 * 1024) return `${this.#number.format(bytes / 1024)} KiB`;
    return `${this.#number.format(bytes / (1024 * 1024))} MiB`;
  }

  /**
   * @param {number} count
   * @param {string} unit
   * @param {"long" | "narrow"} unitDisplay
   */
  #unit(count, unit, unitDisplay) {
    return new Intl.NumberFormat(this.language, { style: "unit", unit, unitDisplay }).format(count);
  }
}
