// The text of a mail as it lies in the folder.
export function decode(raw) {
  const [head, ...rest] = raw.split("\r\n\r\n");
  const boundary = /boundary="?([^"\r\n;]+)/.exec(head)[1];
  const part = raw.split(`--${boundary}`)[1];
  const [partHead, ...body] = part.split("\r\n\r\n");
  const text = body.join("\r\n\r\n");
  if (/base64/i.test(partHead)) return Buffer.from(text, "base64").toString("utf8");
  if (/quoted-printable/i.test(partHead))
    return Buffer.from(text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16))), "latin1").toString("utf8");
  return text;
}
