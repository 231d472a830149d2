# The packed program with QEMU, without this repository, a compiler or npm's caches.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc tsconfig.json LICENSE README.md CHANGELOG.md ./
COPY src src
COPY emulator emulator
COPY conformance conformance
COPY fixtures fixtures
# Packing builds first (the prepack script), and building installs the packages.
RUN npm pack --pack-destination /tmp && mv /tmp/euca-emu-*.tgz /euca-emu.tgz

FROM node:24-bookworm-slim
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils ovmf \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /euca-emu.tgz /tmp/euca-emu.tgz
RUN npm install --global --ignore-scripts /tmp/euca-emu.tgz && rm -rf /tmp/euca-emu.tgz /root/.npm
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8773
# A container's loopback cannot be reached from outside, so it listens on all of its own addresses. Which of the host's
# addresses lead here is for `docker run` to say: --publish 127.0.0.1:8773:8773 keeps the cloud on this machine.
# With --device /dev/kvm guests run at full speed; without it QEMU emulates the processor.
ENTRYPOINT ["euca-emu", "start", "--host", "0.0.0.0", "--data", "/data"]
