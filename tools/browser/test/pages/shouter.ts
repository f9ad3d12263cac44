self.onmessage = ({ data }) => self.postMessage(String(data).toUpperCase());
