-- One database per service and one for the event bus; each service migrates its own.
CREATE DATABASE gateway;
CREATE DATABASE auth;
CREATE DATABASE upload;
CREATE DATABASE catalog;
CREATE DATABASE feed;
CREATE DATABASE media_worker;
CREATE DATABASE bus;
